"""A page for each family of bugs: what they have in common, and what is known of each on every release.

Whole without a script. The common part is told in `catalogue/families.toml`.
"""

from collections.abc import Iterable

from mpscheck.known import releases, said
from mpscheck.known.entry import Entry
from mpscheck.site import words
from mpscheck.site.escape import claim_html, claim_markdown
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages.reported import state_word


def by_family(entries: list[Entry]) -> dict[str, list[Entry]]:
    """The bugs of each family, families by name."""
    return {
        family: [entry for entry in entries if entry.bug.family == family]
        for family in sorted({entry.bug.family for entry in entries})
    }


def links(numbers: dict[str, str], folder: str) -> str:
    """A list in columns, as HTML: each family with what is said of its number. `folder` leads to the pages."""
    inside = "\n".join(f'<li><a href="{folder}{family}/">{family}</a> {said}</li>' for family, said in numbers.items())
    return f'<ul class="columns" data-search-exclude>\n{inside}\n</ul>'


def page(family: str, entries: list[Entry], common: dict[str, str] | None = None) -> str:
    """The page of one family; `entries` are its bugs, the most dangerous first, `common` what they have in common."""
    rows = "\n".join(_row(entry) for entry in entries)
    silent, checks = sum(entry.silent for entry in entries), sum(entry.has_check for entry in entries)
    last = words.last_measured(m.provenance for entry in entries for m in entry.index.of(entry.slug))
    number = "1 bug" if len(entries) == 1 else f"{len(entries)} bugs"
    return (
        f"---\ndescription: Known bugs of PyTorch on Apple GPUs, family {family}, with what is known about each on every "
        "release.\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n\n"
        f"# Known bugs: {family}\n\n{number}, {silent} of them silent; {checks} with a check that you can run. "
        "A release that no source mentions is *unknown*, never *not affected*. "
        f"The same [as a matrix](../../matrix/{family}.md), with what was measured. "
        f"Other families: [all known bugs](../../bugs.md). {last}\n\n"
        f"{_common(common) if common else ''}{_newest(entries)}## On every release\n\n"
        f'<div class="bugs states">\n<table aria-label="Known bugs: {family}">\n'
        '<thead><tr><th scope="col">Bug, the most dangerous first</th><th scope="col">PyTorch</th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
    )


def _common(common: dict[str, str]) -> str:
    """What goes wrong and why, how to see it, what to write instead."""
    wrong, see, do = (words.linked(common[name].strip()) for name in ("wrong", "see", "do"))
    return (
        f"## What goes wrong\n\n{wrong}\n\n**Is it in your code?** {see}\n\n"
        f"## What helps in general\n\n{do}\n\nThe page of each bug says what helps there.\n\n"
    )


def _newest(entries: list[Entry]) -> str:
    """Which of the bugs the newest release is known to have, and which are open: no fix is known, and its state is not."""
    place = len(releases.load()) - 1
    accused = [entry for entry in entries if entry.answers[place].accused]
    unknown = [entry for entry in entries if entry.answers[place].state == "unknown"]
    still_open = [entry for entry in unknown if entry.bug.open_as_stored]
    parts = [
        f"## On PyTorch {releases.load()[place].version}, the newest",
        f"Known to be in it:\n\n{_links(accused)}" if accused else "None of them is known to be in it.",
        f"**Unknown**: {len(unknown)} of {len(entries)}." if unknown else "It is unknown of none of them.",
    ]
    if still_open:
        likely = {entry.slug for entry in still_open if entry.likely(place)}
        parts[-1] += f" Still open, when the thread was read, {_are(len(still_open))}:\n\n{_links(still_open, likely)}"
    return "\n\n".join(parts) + "\n\n"


def _are(number: int) -> str:
    return "is this one" if number == 1 else "are these"


def _links(entries: list[Entry], likely: Iterable[str] = ()) -> str:
    said_of = {slug: ": **likely there**, seen shortly before" for slug in likely}
    return "\n".join(
        f"- [{claim_markdown(entry.bug.claim)}](../{entry.slug}.md){said_of.get(entry.slug, '')}" for entry in entries
    )


def _row(entry: Entry) -> str:
    check = "; has a check" if entry.has_check else ""
    tied = f"; macOS {words.limits(entry.bug.macos)}" if entry.bug.macos is not None else ""
    about = words.kind(entry.bug.kind, entry.silent) + check
    labels = {
        release.version: said.LIKELY if one.shade == said.LIKELY else one.state
        for release, one in zip(releases.load(), entry.answers, strict=True)
    }
    newest_first = releases.runs(labels)[::-1]
    states = "<br>".join(f"{state_word(label)} {words.span(first, last)}" for label, first, last in newest_first)
    return (
        f'<tr><td><a href="../../{entry.slug}/">{claim_html(entry.bug.claim)}</a> <small>{about}{tied}</small></td>'
        f"<td>{states}</td></tr>"
    )


def files(inputs: Inputs) -> dict[str, str]:
    """A page a family."""
    return {
        f"bugs/family/{family}.md": page(family, members, inputs.families.get(family))
        for family, members in by_family(inputs.known).items()
    }
