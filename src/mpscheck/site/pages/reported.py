"""The page of a bug that is known from threads alone, and the parts that it shares with the pages of snippets."""

import json
import re

from mpscheck.bugs.bug import Bug
from mpscheck.bugs.encounters import Encounter
from mpscheck.bugs.figures import Figure
from mpscheck.known import names, said
from mpscheck.known.entry import Entry
from mpscheck.site import figures as figures_part
from mpscheck.site import words
from mpscheck.site.escape import attribute, claim_markdown, text
from mpscheck.site.inputs import Inputs
from mpscheck.site.markup import anchor, definitions, region
from mpscheck.site.pages import advice

STATE_SHAPES = {
    "affected": ("✘", "bad"),
    "not affected": ("✔", "good"),
    "unknown": ("?", "unknown"),
    "contradiction": ("≠", "failed"),
    "disagreement": ("±", "failed"),
    said.LIKELY: ("?", "unknown"),
}
BLAMED = {
    "torch": "PyTorch's code, says a source",
    "macos": "Apple's frameworks in macOS, says a source",
    "both": "a change of one that the other did not expect, says a source",
    "unknown": "not known: PyTorch or macOS",
}
KNOWN_FROM = {
    "declared": "read in PyTorch's wheels for macOS, nothing was run",
    "reported": "said in a public thread, not run by us",
}
PROSE = re.compile("[a-z]{2,} [a-z]{2,}")  # two words in a row: a sentence, not code
LINKS = {"same thread": "the bug's own thread", "stated": "a thread ties it to this bug", "inferred": "inferred by us"}


def page(entry: Entry, contribute: str = "../contribute.md", figures: tuple[Figure, ...] = ()) -> str:
    """Claim, when and how, versions, cure, who met it, threads. Every string of the entry is plain text."""
    bug = entry.bug
    parts = [
        head(bug),
        f"# {claim_markdown(bug.claim)}",
        also_known_as(bug),
        f"<div data-search-exclude markdown>\n\n{_summary(entry)}\n\n</div>",
        f"## Is it in mine? {{ data-search-exclude }}\n\n{by_release(entry)}\n\n{_versions(bug)}\n\n"
        "There is **no snippet yet** that could tell on your machine: "
        f"[write it]({contribute}#a-bug). Until then, [check your own model](../validate.md).",
        f"## What to do {{ data-search-exclude }}\n\n{_cure(entry)}",
        figures_part.section(bug, figures),
        f"## Who hits it {{ data-search-exclude }}\n\n{_places(bug)}{met_by(entry.encounters)}",
        f"## Threads {{ data-search-exclude }}\n\n{_sightings(bug)}",
    ]
    return "\n\n".join(parts) + "\n"


def head(bug: Bug) -> str:
    """Front matter: the claim is the description; a search shows dangerous bugs with a check first.

    A bug with a check has all its names as tags: for the search a tag counts as much as a word of the heading.
    """
    boost = 1 + bool(bug.check) + (bool(bug.danger) and 1 + (bug.danger <= 5))
    lines = [f"description: {json.dumps(attribute(bug.claim), ensure_ascii=False)}", f"search:\n  boost: {boost}"]
    if bug.check:
        lines.append(f"tags: {json.dumps([bug.family, *names.of_bug(bug), *names.threads(bug)])}")
    return "\n".join(["---", *lines, "---"])


def also_known_as(bug: Bug) -> str:
    """The line by which a search finds a bug under any name of its ops and any number of its threads; tags do it for a
    bug with a check."""
    found = [f"<code>{text(name)}</code>" for name in names.of_bug(bug)]
    found += [text(thread) for thread in names.threads(bug)]
    tagged = " data-search-exclude" if bug.check else ""
    return f'<p class="aka"{tagged}>Also known as: {", ".join(found)}</p>'


def _summary(entry: Entry) -> str:
    bug = entry.bug
    entries = {
        "When": words.prose(bug.when, 300),
        "How": words.prose(bug.effect_text, 300) if bug.effect_text else "not known",
        "Kind": words.kind(bug.kind, entry.silent),
        "PyTorch": f"{words.versions(bug)}",
        "macOS": _macos(bug),
        "Whose fault": BLAMED[bug.caused_by],
        "Evidence": " and ".join(f"**{kind}**: {KNOWN_FROM[kind]}" for kind in entry.kinds),
    }
    if bug.chips:
        entries["Chips"] = "tied to " + ", ".join(text(chip) for chip in bug.chips)
    if bug.in_a_release is False:
        entries["Releases"] = "only builds between releases had it"
    if bug.caveat:
        entries["Caveat"] = words.prose(bug.caveat, 300)
    return definitions(entries)


def _macos(bug: Bug) -> str:
    said = words.limits(bug.macos) if bug.macos is not None else "tied to none by a source"
    return f"{said} ({words.prose(bug.macos_note, 160)})" if bug.macos_note else said


def state_word(state: str) -> str:
    """A state with its shape: `✘ affected`."""
    shape, name = STATE_SHAPES[state]
    return f'<span class="verdict verdict--{name}"><span aria-hidden="true">{shape}</span> {state}</span>'


def by_release(entry: Entry) -> str:
    """What is known on each release of PyTorch, in stretches with the same state, and what that rests on."""
    rows = []
    for one, first, last in entry.stretches:
        ends = f"[{first}](../releases/{first}.md)"
        if last != first:
            ends += f" to [{last}](../releases/{last}.md)"
        rows.append(f"| {state_word(one.state)} | {ends} | {text(one.ground, limit=400)} |")
    return region("State by release", "\n".join(["| State | PyTorch | Rests on |", "|---|---|---|", *rows]))


def _versions(bug: Bug) -> str:
    seen = f"The oldest version seen affected is known from: {bug.basis['seen']}."
    fixed = f"The fix is known from: {bug.basis['fixed']}."
    if bug.basis["seen"] == "unknown":
        seen = "No source says in which version it was seen first."
    if bug.basis["fixed"] == "unknown":
        fixed = "No source says in which version it is fixed."
    unsure = f" It may be fixed already in: {', '.join(bug.unsure)}." if bug.unsure else ""
    introduced = ""
    if bug.introduced:
        first = words.first(bug.introduced["version"])
        introduced = f" First version that can have it: {first} (from: {bug.introduced['basis']})."
    state = {True: "open", False: "closed", None: "not known"}[bug.open_as_stored]
    return (
        f"{seen} {fixed}{introduced}{unsure} *Unknown* does not mean *not affected*.\n\n"
        f"State of the issue: {state}, as of {bug.stored_date}."
    )


def _cure(entry: Entry) -> str:
    bug, (newer, there) = entry.bug, advice.newer(entry)
    pull = f"Pull request: {words.link(bug.fixed_pr)}. " if bug.fixed_pr else ""
    if bug.workaround is None:
        return f"{newer} {pull}No workaround is known." + ("" if there else " Compute on the CPU.")
    cure = words.prose(bug.workaround, 300)
    if not PROSE.search(bug.workaround):
        cure = f"<code>{cure}</code>"
    return f"{newer} {pull}Workaround, not run on a Mac by us: {cure}"


def _places(bug: Bug) -> str:
    if not bug.met_in:
        return "Not known where it matters most."
    return "Our judgement:\n\n" + "\n".join(f"- {words.prose(place, 200)}" for place in bug.met_in)


def met_by(encounters: tuple[Encounter, ...]) -> str:
    """The reports of users who met it; empty for none."""
    if not encounters:
        return ""
    return "\n\nUsers who hit it:\n\n" + "\n".join(f"- {_encounter(one)}" for one in encounters)


def _encounter(one: Encounter) -> str:
    link = anchor(one.url, text(one.who, 160))
    where = [words.prose(value, 120) for value in (one.torch, one.macos, one.chip) if value]
    with_what = f" ({'; '.join(where)})" if where else ""
    also = f" See also {', '.join(words.link(thread) for thread in one.also)}." if one.also else ""
    return (
        f"{link}{with_what}: {words.prose(one.summary, 340)}{also} <small>Tied to this bug: {LINKS[one.link]}.</small>"
    )


def _sightings(bug: Bug) -> str:
    """Who saw it, with what and when, then the threads in which nobody is on record."""
    sightings = [f"- {words.sighting(entry)}" for entry in bug.reported]
    others = threads(bug, told=frozenset(entry["thread"] for entry in bug.reported))
    return "\n".join([*sightings, *([others] if others else [])])


def threads(bug: Bug, told: frozenset[str] = frozenset()) -> str:
    """The threads about a bug but those told of already, its pull request named as such."""
    found = dict.fromkeys([bug.issue, *([bug.fixed_pr] if bug.fixed_pr else []), *bug.also], "")
    if bug.fixed_pr:
        found[bug.fixed_pr] = " (tries to fix it)" if bug.basis.get("fixed", "unknown") == "unknown" else " (a fix)"
    return "\n".join(f"- {words.link(thread)}{role}" for thread, role in found.items() if role or thread not in told)


def files(inputs: Inputs) -> dict[str, str]:
    """A page a bug that is known from threads alone."""
    return {
        f"bugs/{entry.slug}.md": page(entry, figures=inputs.figures.get(entry.slug, ()))
        for entry in inputs.known
        if not entry.has_check
    }
