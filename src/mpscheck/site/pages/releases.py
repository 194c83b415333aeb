"""A page for each release of PyTorch, and the table of all of them: known to affect it, fixed in it, unknown."""

from collections import Counter
from dataclasses import dataclass
from html import escape

from mpscheck.known import releases, said
from mpscheck.known.answer import AFFECTED, MEASURED, NOT_AFFECTED, UNKNOWN, Answer
from mpscheck.known.entry import PLACES, Entry, every_release
from mpscheck.known.releases import Release
from mpscheck.site import timeline, words
from mpscheck.site.escape import claim_html, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.pages import declared
from mpscheck.site.pages import family as family_page
from mpscheck.site.timeline import Bar

OPEN = (said.OPEN_OLD, said.OPEN_UNNAMED)  # shades of *unknown*: the thread is open, and no fix is known
SHOWN = 10  # of a long list at once


@dataclass(frozen=True)
class Counts:
    """How many bugs affect, may affect and do not affect a release."""

    known: int  # somebody says wrong: contradictions and disagreements too
    likely: int
    open: int  # unknown, not likely, and the thread is open without a fix
    rest: int  # the other unknown ones
    not_affected: int
    measured: int  # of all: settled by runs of ours on this release

    @property
    def unknown(self) -> int:
        """All of which nobody says either way."""
        return self.likely + self.open + self.rest


def counts(entries: list[Entry], place: int) -> Counts:
    """The counts for the release at this place of the list."""
    return _counted([entry.answers[place] for entry in entries])


def _counted(there: list[Answer]) -> Counts:
    states = Counter(one.state for one in there)
    likely, still_open = (sum(one.shade in shades for one in there) for shades in ((said.LIKELY,), OPEN))
    return Counts(
        known=sum(one.accused for one in there),
        likely=likely,
        open=still_open,
        rest=states[UNKNOWN] - likely - still_open,
        not_affected=states[NOT_AFFECTED],
        measured=sum(one.basis == MEASURED for one in there),
    )


def counts_by_release(entries: list[Entry]) -> list[tuple[Release, Counts]]:
    """Each release with its counts, newest first."""
    return [(release, counts(entries, place)) for place, release in enumerate(releases.load())][::-1]


@dataclass(frozen=True)
class Row:
    """A release as the table and the picture show it: its counts, of them those `right` by a run, and those of all `others`.

    One that runs alone know has no `date`.
    """

    version: str
    date: str
    counts: Counts
    right: int
    others: Counts


def with_runs(entries: list[Entry]) -> list[Row]:
    """Each release, newest first; those that runs alone know are among them."""
    days, rows = {release.version: release.date for release in releases.load()}, []
    for version in every_release(entries):
        others = [entry for entry in entries if not measured_right(entry, version)]
        counted, rest = (_counted([entry.answer_on(version) for entry in some]) for some in (entries, others))
        rows.append(Row(version, days.get(version, ""), counted, len(entries) - len(others), rest))
    return rows


def measured_right(entry: Entry, version: str) -> bool:
    """Whether nobody accuses a release of a bug, and a run of ours settled it as right on a Mac that can be touched."""
    there = (one for setup, one in entry.measured_on if setup.torch == version and setup.virtual is False)
    cleared = any(one.state == NOT_AFFECTED and one.basis == MEASURED for one in there)
    return cleared and not entry.answer_on(version).accused


def picture(rows: list[Row]) -> str:
    """The same as a picture, a bar a release: each bug in one part of it."""
    bars = []
    for row in rows:
        one = row.others
        numbers = (one.known, one.likely, one.open + one.rest, row.right, one.not_affected)
        bars.append(Bar(row.version, row.date[:4], numbers))
    return f'<div class="figure narrow" data-search-exclude markdown="0">\n{timeline.drawing(bars)}</div>'


def answer(number: Counts) -> str:
    """The sentence that opens every view of one release: never a clean bill while anything is unknown."""
    known = f"{number.known} known to be wrong"
    if number.unknown == 0:
        return (
            f"**{known}, none unknown.** A source or a run says for each other bug that this release does not have it."
        )
    return (
        f"**{known}, {number.likely} likely, {number.open} open, {number.rest} more unknown.** {_rests_on(number)} For "
        f"{number.unknown} bugs nobody has said whether this release has them: no list can clear it."
    )


def _rests_on(number: Counts) -> str:
    if not number.measured:
        return "No run on a Mac is behind this: it is what threads, release notes and wheels say."
    return f"Runs of ours settle {number.measured} bugs on this release; the rest is what threads, release notes and wheels say."


def table(found: list[Row], folder: str = "releases/") -> str:
    """One row a release, as HTML, with links relative to the page that `folder` is seen from.

    One that runs alone know has no page: what they found stands in the matrix.
    """
    some, rows = any(row.right for row in found), []
    for row in found:
        version, number = row.version, row.counts
        address = f"{folder}{version}/" if version in PLACES else f"{'' if folder else '../'}matrix/"
        cells_ = [number.known, number.likely, number.open, number.rest, number.not_affected, *([row.right] * some)]
        rows.append(
            f'<tr><th scope="row"><a href="{address}">{version}</a></th>'
            f"{''.join(f'<td>{one}</td>' for one in cells_)}<td>{row.date or 'seen by runs'}</td></tr>"
        )
    names = ["PyTorch", "Affected by", "Likely", "Open", "Else unknown", "Not affected by"]
    heads = "".join(f'<th scope="col">{head}</th>' for head in [*names, *(["Measured right"] * some), "Released"])
    body = "\n".join(rows)
    return (
        '<div class="scroll numbers" role="region" aria-label="PyTorch releases" tabindex="0" data-search-exclude>\n'
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def page(release: Release, place: int, entries: list[Entry], command: str) -> str:
    """The page of one release."""
    number = counts(entries, place)
    affected = [entry for entry in entries if entry.answers[place].accused]
    unknown = [entry for entry in entries if entry.answers[place].state == UNKNOWN]
    likely = [entry for entry in unknown if entry.likely(place)]
    still_open = [entry for entry in unknown if entry.answers[place].shade in OPEN]
    cleared = any(entry.answers[place].where for entry in entries if entry.answers[place].state == NOT_AFFECTED)
    by = "a source or a run" if cleared else "a source"
    fixed = [entry for entry in entries if entry.fixed_in(release.version)]
    broken = [entry for entry in entries if entry.introduced_in(release.version)]
    version = release.version
    parts = [
        f"---\ndescription: Known wrong results of PyTorch {version} on Apple GPUs, and what is unknown.\n---",
        f"# PyTorch {version} on Apple GPUs",
        f"{answer(number)} {number.not_affected} of {len(entries)} do not affect it, says {by}.",
        "<div data-search-exclude markdown>\n\nThe check that decides for your own model, in the environment that you "
        f"work in:\n\n{command}\n\n[Download validate_mps.py](../validate_mps.py){{ download }} · "
        f"[what it does](../validate.md) · [filter these bugs](../bugs.md?torch={version})\n\n</div>",
    ]
    if affected:
        parts.append(f"## Affected by {{ data-search-exclude }}\n\n{_list(affected, place)}")
    if likely:
        parts.append(
            "## Likely affected { data-search-exclude }\n\nUnknown, but seen shortly before this release, and the thread "
            f"is open without a fix. [Check your own model](../validate.md).\n\n{_list(likely, place)}"
        )
    if still_open:
        parts.append(
            "## Open { data-search-exclude }\n\nUnknown: the thread is open, no fix is stated, and nobody has named a version "
            f"near this one. Those with a check first, then the silent ones.\n\n{_long(_by_check(still_open), place)}"
        )
    if broken:
        parts.append(
            "## Came with it { data-search-exclude }\n\nA source says that older releases are right.\n\n"
            + _list(broken, place)
        )
    parts += [
        "## Fixed in it { data-search-exclude }\n\n" + (_list(fixed, place) or "No fix is stated for this release."),
        f"## All that is unknown {'{'} data-search-exclude {'}'}\n\n{_unknown(unknown, entries, place)}",
        f"<small>Released on {release.date} (day of the first file on PyPI). States are computed from our runs and from what "
        "threads, release notes and wheels say: affected from the oldest version seen affected up to the fix, not affected "
        "only where a source or a run says so.</small>",
    ]
    return "\n\n".join(parts) + "\n"


def _by_check(entries: list[Entry]) -> list[Entry]:
    """Those that a reader can settle first; else as dangerous as they are."""
    return sorted(entries, key=lambda entry: (not entry.has_check, not entry.silent, entry.order))


def _long(entries: list[Entry], place: int) -> str:
    """The first of a long list, and the others on request."""
    rest = _list(entries[SHOWN:], place)
    more = f"\n\n<details>\n<summary>{len(entries) - SHOWN} more</summary>\n{rest}\n</details>" if rest else ""
    return _list(entries[:SHOWN], place) + more


def _list(entries: list[Entry], place: int) -> str:
    """Bugs as a list in HTML, the most dangerous first; empty for none."""
    if not entries:
        return ""
    return "<ul>\n" + "\n".join(f"<li>{_link(entry)}{_details(entry, place)}</li>" for entry in entries) + "\n</ul>"


def _link(entry: Entry) -> str:
    return f'<a href="../../bugs/{entry.slug}/">{claim_html(entry.bug.claim)}</a>'


def _details(entry: Entry, place: int) -> str:
    """Kind, and of one that affects or is likely to: where, and what is measured or near."""
    one = entry.answers[place]
    tied = f"macOS {words.limits(entry.bug.macos)}" if one.accused and entry.bug.macos is not None else ""
    chips = f"chips: {', '.join(entry.bug.chips)}" if one.accused and entry.bug.chips else ""
    kind = words.kind(entry.bug.kind, entry.silent)
    check = "has a check" if entry.has_check and one.shade not in (said.LIKELY, *OPEN) else ""
    state = "" if one.state in (AFFECTED, NOT_AFFECTED, UNKNOWN) else one.words
    measured = one.because if one.accused and one.where and not state else ""
    near = one.said.reason if one.shade in (said.LIKELY, *OPEN) else ""
    command = f"<code>python snippets/bugs/{entry.slug}.py</code>" if near and entry.has_check else ""
    parts = [*map(escape, (kind, tied, chips, check)), *(text(part, limit=400) for part in (state, measured, near))]
    settle = f"<br>Settle it on your Mac: {command}" if command else ""
    return f" <small>({'; '.join(part for part in parts if part)})</small>{settle}"


def _unknown(unknown: list[Entry], entries: list[Entry], place: int) -> str:
    """How many of each shade and family; the pages of the families say which, for every release: no copy is needed here."""
    version = releases.load()[place].version
    if not unknown:
        return "Nothing: a source mentions each bug."
    shades = Counter(entry.answers[place].shade for entry in unknown)
    near_first = "\n".join(
        f"- {shades[name]} {name}: {meaning}" for name, meaning in said.SHADES.items() if shades[name]
    )
    found = family_page.by_family(unknown)
    numbers = {
        family: f"{len(found[family])} of {len(there)}"
        for family, there in family_page.by_family(entries).items()
        if family in found
    }
    return (
        f"{len(unknown)} bugs. Each may be in this release or not:\n\n{near_first}\n\n"
        f"[Show them](../bugs.md?torch={version}&state=unknown), or read them by family, with what is known about each on "
        f"every release:\n\n{family_page.links(numbers, '../../bugs/family/')}"
    )


def files(inputs: Inputs) -> dict[str, str]:
    """A page a release, and the tables that other pages include."""
    rows = with_runs(inputs.known)
    found = pieces(releases_here=table(rows, ""), releases_home=table(rows), releases_picture=picture(rows))
    for place, release in enumerate(releases.load()):
        of_wheel = declared.of_release(release.version, inputs.declared)
        found[f"releases/{release.version}.md"] = (
            page(release, place, inputs.known, words.command(inputs.site_url)) + of_wheel
        )
    return found
