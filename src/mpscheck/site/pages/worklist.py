"""The worklist for PyTorch's maintainers: what is reported and not settled on the newest release, by op.

The newest is the one that a file of ours or a run knows.
"""

from html import escape

from mpscheck.known import answer, names, said
from mpscheck.known.entry import Entry, every_release
from mpscheck.site import words
from mpscheck.site.escape import claim_html, text
from mpscheck.site.inputs import Inputs, pieces

SECTIONS = {  # heading: what is in it; a bug stands in the first that fits
    "Wrong on the newest release": lambda one: one.accused,
    "Likely there": lambda one: one.shade == said.LIKELY,
    "Open threads": lambda one: one.shade in (said.OPEN_OLD, said.OPEN_UNNAMED),
    "Closed, and no source names a version with a fix": lambda one: one.shade == said.CLOSED,
    "Else unknown": lambda one: one.state == answer.UNKNOWN,
}
HEADS = ("Op", "Bug", "Check", "Seen last in", "Came with", "Fix", "Thread")


def unsettled(entries: list[Entry]) -> dict[str, list[Entry]]:
    """The bugs of each section that has some, by op."""
    found: dict[str, list[Entry]] = {}
    newest = every_release(entries)[0]
    for entry in sorted(entries, key=lambda entry: (op(entry).lower(), entry.order)):
        one = entry.answer_on(newest)
        heading = next((heading for heading, fits in SECTIONS.items() if fits(one)), None)
        if heading:
            found.setdefault(heading, []).append(entry)
    return {heading: found[heading] for heading in SECTIONS if heading in found}


def op(entry: Entry) -> str:
    """The first op that a bug names, without where it stands in PyTorch; its family where it names none."""
    return next((names.bare(name) for name in names.ops(entry.bug)), entry.bug.family)


def summary(entries: list[Entry]) -> str:
    """How many there are, by section, and what helps with them."""
    found = unsettled(entries)
    every = [entry for there in found.values() for entry in there]
    newest = every_release(entries)[0]
    by_section = ", ".join(f"{len(there)} {heading[0].lower()}{heading[1:]}" for heading, there in found.items())
    return (
        f"**{len(every)} of {len(entries)} reported bugs are not settled on PyTorch {newest}**: {by_section}. "
        f"{sum(entry.has_check for entry in every)} of them have a check that runs on its own; for "
        f"{sum(bool(entry.bug.fixed_pr) for entry in every)} a pull request is known that fixes it or tries to."
    )


def tables(entries: list[Entry]) -> str:
    """One table a section, as HTML."""
    newest = every_release(entries)[0]
    return "\n\n".join(
        f"## {heading} {{ data-search-exclude }}\n\n{_table(heading, there, newest)}"
        for heading, there in unsettled(entries).items()
    )


def _table(heading: str, entries: list[Entry], newest: str) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    rows = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(entry, newest))}</tr>" for entry in entries)
    return (
        f'<div class="scroll" role="region" aria-label="{heading}" tabindex="0" data-search-exclude>\n'
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _cells(entry: Entry, newest: str) -> list[str]:
    bug, one = entry.bug, entry.answer_on(newest)
    seen = said.versions_seen(bug)
    ran = f"<br><small>{text(one.because, limit=300)}</small>" if one.where else ""
    return [
        f"<code>{escape(op(entry))}</code>",
        f'<a href="../bugs/{entry.slug}/">{claim_html(bug.claim)}</a>{ran}',
        f'<a href="../bugs/{entry.slug}.py" download aria-label="check {entry.slug}.py">check</a>'
        if entry.has_check
        else "none yet",
        str(seen[-1]) if seen else "no version named",
        f"{words.first(bug.introduced['version'])} <small>({bug.introduced['basis']})</small>"
        if bug.introduced
        else "not known",
        _link(bug.fixed_pr) if bug.fixed_pr else "none known",
        f"{_link(bug.issue)} <small>{_thread(entry)}</small>",
    ]


def _link(reference: str) -> str:
    """A thread of PyTorch's by its number alone."""
    return words.link(reference, reference.removeprefix("pytorch/pytorch"))


def _thread(entry: Entry) -> str:
    state = {True: "open", False: "closed", None: "state not stored"}[entry.bug.open_as_stored]
    return f"{state}, as of {entry.bug.stored_date}" if entry.bug.stored_date else state


def files(inputs: Inputs) -> dict[str, str]:
    """The generated pieces of the page."""
    return pieces(worklist_summary=summary(inputs.known), worklist=tables(inputs.known))
