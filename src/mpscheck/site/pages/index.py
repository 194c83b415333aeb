"""The generated parts of the index of bugs: one row a bug, how much is known of all of them, and the filters."""

from html import escape

from mpscheck.bugs.bug import Bug
from mpscheck.known import evidence, releases, uses
from mpscheck.known.entry import Entry
from mpscheck.site import words
from mpscheck.site.escape import claim_html
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.pages import family as family_page

FIRST = 40  # rows of the page itself; all of them would weigh a third of what a phone loads for it


def bug_index(entries: list[Entry], controls: dict) -> str:
    """The filters, the way to all bugs by family, and the first rows of the table, as HTML.

    `docs/assets/bugs.js` fetches the other rows (`all_rows`) at the reader's first move. The whole is a section, since
    the search takes the end of any inner element of the same name for the end of what it leaves out.
    """
    first = entries[:FIRST]
    rows = "\n".join(f"<tr>{_cells(entry, controls)}</tr>" for entry in first)
    head = (
        '<tr><th scope="col" aria-sort="ascending" data-sort="danger">Bug, the most dangerous first</th>'
        '<th scope="col" data-sort="newest">PyTorch</th><th scope="col">Evidence</th></tr>'
    )
    shown = f"The first {len(first)} of {len(entries)} bugs." if len(entries) > len(first) else f"{len(entries)} bugs."
    numbers = {family: str(len(found)) for family, found in family_page.by_family(entries).items()}
    return (
        f"<section data-bugs data-search-exclude>\n{_filters(entries)}\n"
        f"<details data-families><summary>All {len(entries)} bugs by family</summary>\n"
        f"{family_page.links(numbers, 'family/')}\n</details>\n"
        f'<p><output aria-live="polite" data-count>{shown}</output></p>\n<div class="bugs">\n'
        f'<table aria-label="Known bugs">\n<thead>{head}</thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n'
        f'<p><button type="button" class="md-button" data-all hidden>Show all {len(entries)} bugs</button></p>\n</section>'
    )


def all_rows(entries: list[Entry], controls: dict) -> str:
    """Every row, as HTML, with what the filters go by: the state on each release as letters, and plain words.

    The file is called .txt, since it is no page, and a host that compresses knows that name.
    """
    return "\n".join(f"<tr {_data(entry)}>{_cells(entry, controls)}</tr>" for entry in entries) + "\n"


def _data(entry: Entry) -> str:
    macos = {
        number: "".join(letters)
        for number in releases.MACOS
        if (letters := _letters_on(entry, number)) != entry.letters
    }
    known = [*entry.kinds, *(["check"] if entry.has_check else [])]
    who = [*entry.uses, *(["reports"] if entry.encounters else [])]
    data = {
        "s": entry.letters,
        "m": " ".join(f"{number}:{letters}" for number, letters in macos.items()),
        "family": entry.bug.family,
        "kind": entry.bug.kind,
        "evidence": " ".join(known),
        "who": " ".join(who),
        "t": entry.keywords,
        "d": entry.date,
    }
    return " ".join(f'data-{name}="{escape(str(value), quote=True)}"' for name, value in data.items() if value != "")


def _letters_on(entry: Entry, macos: str) -> str:
    """The state on each release on one major version of macOS, oldest first; bugs that nothing ties to one need no look."""
    if entry.bug.macos is None and not entry.measured_on:
        return entry.letters
    return "".join(entry.on(release.version, macos).letter for release in releases.load())


def _cells(entry: Entry, controls: dict) -> str:
    bug = entry.bug
    tied = f", macOS {words.limits(bug.macos)}" if bug.macos is not None else ""
    return (
        f'<td><a href="{bug.slug}/">{claim_html(bug.claim)}</a> <small>{_about(entry)}</small></td>'
        f"<td>{words.versions(bug)}{escape(tied)}</td><td>{_evidence(entry, controls)}</td>"
    )


def _about(entry: Entry) -> str:
    met = (
        f", hit by {len(entry.encounters)} users"
        if len(entry.encounters) > 1
        else ", hit by a user"
        if entry.encounters
        else ""
    )
    return f"{entry.bug.family}: {words.kind(entry.bug.kind, entry.silent)}{met}"


def _evidence(entry: Entry, controls: dict) -> str:
    if not entry.has_check:
        return ", ".join(entry.kinds)
    found = entry.index.of(entry.slug)
    mac = words.on_macs(found) if found else words.NOT_ON_MAC
    return f"{', '.join(entry.kinds)}; has a check, {mac}; {proven(entry.bug, controls)}"


def _filters(entries: list[Entry]) -> str:
    """The form, hidden until a script can work it."""
    families = sorted({entry.bug.family for entry in entries})
    kinds = {kind: words.BUG_KINDS[kind] for kind in words.BUG_KINDS if any(e.bug.kind == kind for e in entries)}
    reversed_releases = [release.version for release in releases.load()][::-1]
    places = {r.version: n for n, r in enumerate(releases.load())}
    torch = "".join(f'<option value="{v}" data-place="{places[v]}">{v}</option>' for v in reversed_releases)
    states = {"affected": "known to be affected", "unknown": "unknown", "not affected": "not affected, says a source"}
    evidences = {
        "check": "has a check to run",
        "measured": "measured on a Mac",
        "declared": "declared",
        "emulated": "emulated",
    }
    who = {
        "reports": "users who reported it",
        **{use: label for use, (label, families) in uses.USES.items() if families},
    }
    sorts = {"danger": "most dangerous first", "newest": "newest first", "slug": "by name"}
    first = [
        '<label class="wide">Op, spelled any way, or number of a thread'
        '<input type="search" name="op" autocomplete="off" placeholder="F.linear, aten::linear, 161640"></label>',
        f'<label>PyTorch<select name="torch"><option value="">any</option>{torch}</select></label>',
        _select("macos", "macOS", {version: version for version in releases.MACOS[::-1]}),
        _select("state", "State there", states),
    ]
    more = [
        _select("family", "Family", {family: family for family in families}),
        _select("kind", "Kind", kinds),
        _select("evidence", "Evidence", evidences),
        _select("who", "Who hits it", who),
        _select("sort", "Order", sorts, any_word=None),
    ]
    return (
        f'<form class="filters" role="search" aria-label="Filter the bugs" hidden>\n{"".join(first)}\n'
        '<button type="reset" class="md-button">Clear filters</button>'
        f'<details class="wide"><summary>More filters</summary><div>{"".join(more)}</div></details></form>'
    )


def _select(name: str, label: str, options: dict[str, str], any_word: str | None = "any") -> str:
    first = f'<option value="">{any_word}</option>' if any_word else ""
    inside = "".join(f'<option value="{value}">{escape(shown)}</option>' for value, shown in options.items())
    off = " disabled" if name == "state" else ""  # means nothing without a release
    return f'<label>{label}<select name="{name}"{off}>{first}{inside}</select></label>'


def proven(bug: Bug, controls: dict) -> str:
    """Whether the check caught its imitated fault and nothing else, in words."""
    control = evidence.control(bug, controls)
    if not bug.imitable:
        return evidence.NOT_PROVEN
    if control is None:
        return f"proven: {words.verdict('not-run')}"
    if not control.current:
        return f"proven: {words.verdict('outdated')}"
    return "proven: ✔ yes" if control.proven else "proven: ✘ no"


def summary(entries: list[Entry]) -> str:
    """One paragraph on how much is known."""
    checks = [entry for entry in entries if entry.has_check]
    measured = sum("measured" in entry.kinds for entry in entries)
    macs = f"{measured} were measured on a Mac" if measured else words.NOT_ON_MAC
    proven_checks = sum("emulated" in entry.kinds for entry in checks)
    return (
        f"{len(entries)} bugs, each reported in a public thread, {sum(e.silent for e in entries)} of them silent. "
        f"{len(checks)} have a check that you can run ({proven_checks} of them proven on the emulated device; {macs}); "
        "for the others one is [still to be written](contribute.md#a-bug)."
    )


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes, and the rows that its filter fetches."""
    known, controls = inputs.known, inputs.controls
    found = pieces(bug_summary=summary(known), bug_index=bug_index(known, controls))
    return found | {"bugs/rows.txt": all_rows(known, controls)}
