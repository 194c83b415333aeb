"""The matrix of bugs and releases: an overview with a row a family, and a page a family with a row a bug.

Whole without a script: each cell then says what is known on any Mac. `docs/assets/matrix.js` asks for one macOS and GPU
and opens what a cell rests on, both from a file of data a family.
"""

from collections import Counter
from html import escape

from mpscheck.known import said
from mpscheck.known.answer import ACCUSED, CONTRADICTION, DISAGREEMENT, NOT_AFFECTED, UNKNOWN
from mpscheck.known.entry import Entry, every_release
from mpscheck.site import cells, words
from mpscheck.site.cells import ANY, Cell, Grid
from mpscheck.site.escape import claim_html, json_of
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.pages.family import by_family

SCRIPT = '<script defer src="../../assets/matrix.js"></script>'
LEGEND = {  # the classes of a cell, and what they say
    "c m": "contradiction: runs and sources say opposite things, nobody has settled it yet",
    "d m": "disagreement: runs on one set-up say opposite things",
    "a m": "affected, measured",
    "n m": "not affected, measured",
    "c m v": "contradiction, in unverified runs alone",
    "d m v": "disagreement, in unverified runs alone",
    "a m v": "affected, in unverified runs alone",
    "a": "affected, a source says so",
    "u l": "likely affected, nobody has said",
    "n": "not affected, a source says so",
    "u": "unknown",
}
BELOW = "<li>the word below a sign is what runs gave there; <em>agreed</em> settles nothing</li>"
SHOWN = {"": "all", "m": "measured", "odd": "contradictions and disagreements", "check": "with a check"}
OVERVIEW_LEGEND = {
    "a m": "bugs that affect it, measured ones among them",
    "a": "bugs that affect it, says a source",
    "u": "none known to, some unknown",
    "n": "a source says for each that it does not",
}


def overview(families: dict[str, list[Entry]], grids: dict[str, Grid], torch: list[str]) -> str:
    """A row a family: how many of its bugs affect each release on any Mac, and where runs contradict."""
    head = "".join(f'<th scope="col">{version}</th>' for version in torch)
    rows = "\n".join(_family_row(family, members, grids[family]) for family, members in families.items())
    return (
        f"<div data-search-exclude>\n{_legend(OVERVIEW_LEGEND)}\n"
        '<div class="scroll matrix counts" role="region" aria-label="Families of bugs by PyTorch release" tabindex="0">\n'
        '<table aria-label="Bugs of each family that affect each release">\n<thead><tr><th scope="col">Family</th>'
        f'<th scope="col">Bugs</th><th scope="col">Meas&shy;ured</th><th scope="col">≠ or ±</th>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n</div>"
    )


def _family_row(family: str, members: list[Entry], grid: Grid) -> str:
    measured = sum(bool(entry.measured_on) for entry in members)
    odd = sum(_is_odd(entry) for entry in members)
    shown = f'<a href="{family}/?show=odd" aria-label="{odd} of {family}">{odd}</a>' if odd else "0"
    counted = "".join(
        _count([grid.cells[entry.slug][ANY][place] for entry in members]) * len(column.versions)
        for place, column in enumerate(grid.columns)
    )
    return (
        f'<tr><th scope="row"><a href="{family}/">{family}</a></th><td class="number">{len(members)}</td>'
        f'<td class="number">{measured}</td><td class="number">{shown}</td>{counted}</tr>'
    )


def _count(found: list[Cell]) -> str:
    """The bugs of a family on one release: how many affect it, and whether runs say so too."""
    accused = [one for one in found if one.state in ACCUSED]
    signs = "a" if accused else "n" if all(one.state == NOT_AFFECTED for one in found) else "u"
    if any("m" in one.signs for one in accused):
        signs += " m"
    shown = f"<b>{len(accused)}</b>" if accused else NOT_AFFECTED if signs == "n" else UNKNOWN
    return f'<td class="{signs}">{shown}</td>'


def _is_odd(entry: Entry) -> bool:
    return any(one.state in (CONTRADICTION, DISAGREEMENT) for _, one in entry.measured_on)


def page(family: str, entries: list[Entry], grid: Grid, systems: list[str]) -> str:
    """The page of one family: what its newest release has, form, legend and table."""
    rows = "\n".join(_row(entry, grid) for entry in _measured_first(entries))
    head = "".join(f'<th scope="col">{column.name}</th>' for column in grid.columns)
    shown = {one.signs for by_question in grid.cells.values() for row in by_question.values() for one in row}
    ran = any(column.runs for column in grid.columns)
    legend = {signs: means for signs, means in LEGEND.items() if signs in shown}
    return (
        f"---\ndescription: Bugs of PyTorch on Apple GPUs by release, family {family}, what was measured and what is "
        "said.\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n\n"
        f"# Matrix: {family}\n\n{_newest(grid)} The same bugs [in words](../bugs/family/{family}.md), the matrix of "
        "[another family](../matrix.md).\n\n"
        f'<div data-matrix="{family}" data-search-exclude>\n{_form(systems)}\n{_legend(legend, BELOW if ran else "")}\n'
        '<p><output aria-live="polite" data-count></output></p>\n'
        f'<div class="scroll matrix" role="region" aria-label="Bugs by PyTorch release" tabindex="0">\n'
        f'<table aria-label="State of each bug on each release">\n<thead><tr><th scope="col">Bug, measured ones first'
        f"</th>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
        '<dialog aria-labelledby="cell-title"><h2 id="cell-title"></h2><div data-body></div>'
        '<form method="dialog"><button class="md-button">Close</button></form></dialog>\n</div>\n\n'
        f"{SCRIPT}\n"
    )


def _newest(grid: Grid) -> str:
    """One sentence on the newest release: how many affect it, measured ones apart; never a clean bill."""
    there = [by_question[ANY][0] for by_question in grid.cells.values()]
    states = Counter(one.state for one in there)
    accused = [one for one in there if one.state in ACCUSED]
    measured = sum("m" in one.signs for one in accused)
    likely = states[said.LIKELY]
    known = f"{len(accused)} known" + f" ({measured} measured)" * bool(accused)
    unknown = f"{states[UNKNOWN] + likely} unknown" + f" ({likely} likely to be there)" * bool(likely)
    bugs = "1 bug" if len(there) == 1 else f"{len(there)} bugs"
    return f"**Of {bugs}, in PyTorch {grid.columns[0].versions[0]}: {known}, {unknown}.**"


def _measured_first(entries: list[Entry]) -> list[Entry]:
    """Contradictions and disagreements first, then what was measured, then what has a check."""
    return sorted(entries, key=lambda entry: (not _is_odd(entry), not entry.measured_on, not entry.has_check))


def _form(systems: list[str]) -> str:
    """Which rows, which macOS, which GPU; hidden until a script can work it."""
    return (
        '<form class="filters" role="search" aria-label="Filter the bugs" hidden>\n'
        '<label>Op or words<input type="search" name="op" autocomplete="off" placeholder="F.linear"></label>'
        f"{_select('show', 'Bugs', SHOWN)}{_select('macos', 'macOS', {'': 'any', **{one: one for one in systems}})}"
        f"{_select('gpu', 'GPU', {name: name or 'any' for name in cells.GPUS})}</form>"
    )


def _select(name: str, label: str, options: dict[str, str]) -> str:
    inside = "".join(f'<option value="{value}">{shown}</option>' for value, shown in options.items())
    return f'<label>{label}<select name="{name}">{inside}</select></label>'


def _legend(shown: dict[str, str], more: str = "") -> str:
    items = "".join(f'<li><span class="cell {signs}"></span> {means}</li>' for signs, means in shown.items())
    return f'<ul class="legend">{items}{more}</ul>'


def _row(entry: Entry, grid: Grid) -> str:
    row = grid.cells[entry.slug][ANY]
    show = " ".join(["m"] * bool(entry.measured_on) + ["odd"] * _is_odd(entry) + ["check"] * entry.has_check)
    tied = f" <small>macOS {words.limits(entry.bug.macos)}</small>" if entry.bug.macos is not None else ""
    data = f' data-show="{show}"' if show else ""
    return (
        f'<tr id="{entry.slug}"{data} data-t="{escape(entry.keywords, quote=True)}"><th scope="row">'
        f'<a href="../../bugs/{entry.slug}/">{claim_html(entry.bug.claim)}</a>{tied}</th>{"".join(map(_cell, row))}</tr>'
    )


def _cell(one: Cell) -> str:
    """The state in words, which the style sheet shows as a sign, and the word of the runs, which everybody sees."""
    unverified = ", unverified" * ("v" in one.signs)
    word = f"<b>{one.word}</b>" if one.word else ""
    return f'<td class="{one.signs}">{one.state}{unverified}{", " if word else ""}{word}</td>'


def data(grid: Grid) -> str:
    """What the script shows of a family: each answer once, the answers of each row by question, the runs by column."""
    known: dict[Cell, int] = {}
    rows = {
        slug: {question: [known.setdefault(one, len(known)) for one in row] for question, row in by_question.items()}
        for slug, by_question in grid.cells.items()
    }
    runs = [column.runs for column in grid.columns]
    answers = [[one.signs, one.state, one.word, one.because, one.date] for one in known]
    return json_of({"answers": answers, "rows": rows, "runs": runs}, indent=None)


def files(inputs: Inputs) -> dict[str, str]:
    """The overview that a page includes, a page a family and its data."""
    entries = inputs.known
    torch, systems = every_release(entries), cells.macos(entries)
    families = by_family(entries)
    grids = {family: cells.grid(members, torch, systems) for family, members in families.items()}
    found = pieces(matrix=overview(families, grids, torch))
    for family, grid in grids.items():
        found[f"matrix/{family}.md"] = page(family, families[family], grid, systems)
        found[f"api/matrix/{family}.json"] = data(grid) + "\n"
    return found
