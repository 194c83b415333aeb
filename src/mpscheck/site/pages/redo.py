"""The generated parts of `docs/guides/redo-results.md`: what each analysis can have met, and in which versions. Pure.

Which analysis meets which bug is our judgement, from the ops that it calls and from the bugs' threads. The versions are
those of the catalogue.
"""

from dataclasses import dataclass

from mpscheck.known import releases
from mpscheck.known.advice import right_since
from mpscheck.known.entry import Entry
from mpscheck.site import words
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.markup import table
from mpscheck.site.pages import releases as releases_page

USE = "forward"  # the filter of the index for logits, lens, patching


@dataclass(frozen=True)
class Analysis:
    """One way to work with a model: bugs as (slug, what it does to such work), and the checks that would show them."""

    name: str
    bugs: tuple[tuple[str, str], ...]
    checks: str


ANALYSES = (
    Analysis(
        "Logit lens, direct logit attribution",
        (
            ("linear-noncontiguous-weight", "Attention output is wrong, and so is the residual stream that both read"),
            ("layer-norm-small-variance", "Layer norm takes small variances for zero"),
        ),
        "`residual stream`, `logits`",
    ),
    Analysis(
        "Activation patching, ablation",
        (
            ("linear-noncontiguous-weight", "Attention output is wrong in both runs"),
            ("element-assign-macos-14-4-regression", "A position gets the value of another assignment"),
            ("zero-on-element-view-zeroes-neighbour", "The neighbour is zeroed too"),
            ("fill-bool-offset-view", "A mask is moved by one"),
            ("sdpa-causal-leak-half", "Later tokens leak into earlier ones in half precision"),
        ),
        "`patching`, `float16`, `bfloat16`",
    ),
    Analysis(
        "Attribution patching, integrated gradients",
        (
            ("matmul-stride0-grad", "Gradients of a sum are zero"),
            ("activation-backward-permuted", "Gradients of permuted activations are wrong"),
            ("mm-large-k-allocator-dependent", "Gradients of GPT-2's logits can be wrong, a sum over 50,257 terms"),
        ),
        "`backward`",
    ),
    Analysis(
        "Probing",
        (
            ("linear-bias-batch-over-65536", "More than 65,536 tokens at once"),
            ("copy-to-cpu-cast-source-offset", "Activations saved in another dtype"),
            ("mps-to-cpu-copy-equal-gappy-strides", "Every second activation is copied"),
        ),
        "none: compare a stored batch with the CPU",
    ),
    Analysis(
        "SAE training",
        (
            ("adam-noncontiguous-param-frozen", "A parameter that Adam never changes"),
            ("mm-large-k-allocator-dependent", "Sums over more than 32,768 terms"),
            ("backward-large-k-stale-memory", "The gradients of such sums"),
            ("where-nonzero-index-over-2e24", "Positions past 16,777,216"),
        ),
        "none: see [trained weights](#how-to-check-again-cheaply)",
    ),
    Analysis(
        "Generation",
        (
            ("sdpa-2pass-half-accumulator-oob", "1,024 keys or more in half precision"),
            ("multinomial-zero-probability", "Tokens of probability zero are sampled"),
        ),
        "`generation`, `padded batch`",
    ),
)


def analyses(entries: list[Entry]) -> str:
    """One section an analysis: those of its bugs that are given, the releases known to have them, and the part of validate."""
    by_slug = {entry.slug: entry for entry in entries}
    sections = []
    for analysis in ANALYSES:
        bugs = (
            f"- [{effect}](../bugs/{slug}.md): {_where(by_slug[slug])}"
            for slug, effect in analysis.bugs
            if slug in by_slug
        )
        sections.append("\n".join([f"### {analysis.name}\n", *bugs, f"\nPart of validate: {analysis.checks}."]))
    return "\n\n".join(sections)


def _where(entry: Entry) -> str:
    """The releases that are known to have a bug: `2.8.0, macOS 15 and newer`."""
    accused = {release.version: one.accused for release, one in zip(releases.load(), entry.answers, strict=True)}
    affected = [(first, last) for there, first, last in releases.runs(accused)[::-1] if there]
    if not affected:
        since = right_since(entry.bug, entry.index.verified)
        return f"versions not known{f', right since {since}' if since else ''}"
    found = ["; ".join(words.span(first, last) for first, last in affected)]
    found += [f"macOS {words.limits(entry.bug.macos)}"] if entry.bug.macos is not None else []
    found += [" and ".join(entry.bug.chips)] if entry.bug.chips else []
    return ", ".join(found)


def by_release(entries: list[Entry]) -> str:
    """One row a release: how many bugs that logits, lens and patching can meet are known and unknown there, with links."""
    mine = [entry for entry in entries if USE in entry.uses]
    rows = []
    for release, number in releases_page.counts_by_release(mine):
        links = (
            f"[{count}](../bugs.md?torch={release.version}&who={USE}&state={state})"
            for state, count in {"affected": number.known, "unknown": number.unknown}.items()
        )
        known, unknown = links
        name = f"[{release.version}](../releases/{release.version}.md)"
        rows.append([name, known, str(number.likely), unknown, release.date])
    return table(["PyTorch", "Known", "Likely", "Unknown, likely ones among them", "Released"], rows, "By release")


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    return pieces(redo_analyses=analyses(inputs.known), redo_releases=by_release(inputs.known))
