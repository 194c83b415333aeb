"""The matrix of the bugs with a snippet: bug by release of PyTorch. What is said there, and what Macs gave."""

from html import escape

from mpscheck.known import releases
from mpscheck.known.answer import AFFECTED, NOT_AFFECTED, UNKNOWN
from mpscheck.known.entry import Entry
from mpscheck.known.measured import Measurement
from mpscheck.site import words
from mpscheck.site.escape import attribute, claim_html, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.pages.reported import STATE_SHAPES

SWITCH = {"": "any", "15": "15", "26": "26"}


def matrix(entries: list[Entry]) -> str:
    """Switch and table, as HTML. A cell links to the bug's page; `docs/assets/matrix.js` opens its provenance instead."""
    checked = sorted((entry for entry in entries if entry.has_check), key=lambda entry: entry.order)
    versions = [release.version for release in releases.load()][::-1]
    head = "".join(f'<th scope="col">{version}</th>' for version in versions)
    rows = "\n".join(_row(entry, versions) for entry in checked)
    options = "".join(
        f'<label><input type="radio" name="macos" value="{value}"{" checked" if not value else ""}> {shown}</label>'
        for value, shown in SWITCH.items()
    )
    return (
        '<div data-matrix data-search-exclude>\n<form class="switch" hidden><fieldset><legend>macOS</legend>'
        f"{options}</fieldset></form>\n{_legend(checked)}\n"
        '<div class="scroll matrix" role="region" aria-label="Bugs by PyTorch release" tabindex="0">\n'
        f'<table aria-label="State of each bug on each release">\n<thead><tr><th scope="col">Bug</th>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
        '<dialog aria-labelledby="cell-title"><h2 id="cell-title"></h2><div data-body></div>'
        '<form method="dialog"><button class="md-button">Close</button></form></dialog>\n</div>'
    )


def _legend(checked: list[Entry]) -> str:
    """The states that there are, those of runs against sources only where one is."""
    shown = {AFFECTED, NOT_AFFECTED, UNKNOWN, *(one.state for entry in checked for one in entry.answers)}
    signs = " · ".join(
        f'<span class="verdict verdict--{name}"><span aria-hidden="true">{shape}</span> {state}</span>'
        for state, (shape, name) in STATE_SHAPES.items()
        if state in shown
    )
    return f"<p>{signs}: what threads, release notes, wheels and our runs say. A <strong>●</strong> marks a cell that was measured on a Mac.</p>"


def _row(entry: Entry, versions: list[str]) -> str:
    bug = entry.bug
    cells = "".join(_cell(entry, version) for version in versions)
    basis = (
        f"oldest version seen affected: {bug.basis.get('seen', 'unknown')}; fix: {bug.basis.get('fixed', 'unknown')}"
    )
    if bug.introduced:
        basis += f"; first version with the fault, {bug.introduced['version']}: {bug.introduced['basis']}"
    basis = escape(basis, quote=True)
    tied = f", macOS {words.limits(bug.macos)}" if bug.macos is not None else ""
    said = escape(f"{words.versions(bug)}{tied}", quote=True)
    return (
        f'<tr data-slug="{bug.slug}" data-claim="{attribute(bug.claim)}" data-said="{said}" data-basis="{basis}">'
        f'<th scope="row"><a href="../bugs/{bug.slug}/">{claim_html(bug.claim)}</a></th>{cells}</tr>'
    )


def _cell(entry: Entry, version: str) -> str:
    """One state for each place of the switch, and what Macs gave on this release."""
    slug = entry.slug
    answers = {value: entry.on(version, value or None) for value in SWITCH}
    letters = {value: one.letter for value, one in answers.items()}
    state = answers[""].state
    shape, name = STATE_SHAPES[state]
    changes = "".join(
        f' data-m{value}="{letter}"' for value, letter in letters.items() if value and letter != letters[""]
    )
    measured = entry.index.of_torch(slug, version)
    found = "; ".join(_measurement(m) for m in measured)
    mark = (
        f'<span title="measured" class="measured">●</span><span class="sr">, measured: {words.on_macs(measured)}</span>'
        if any(m.measured for m in measured)
        else ""
    )
    data = f' data-found="{found}"' if found else ""
    why = "".join(f' data-why{v or "-any"}="{text(one.because, limit=400)}"' for v, one in answers.items() if one.where)
    return (
        f'<td><a href="../bugs/{slug}/#versions" data-any="{letters[""]}"{changes}{why}{data} '
        f'class="verdict verdict--{name}" aria-label="{state}">{shape}</a>{mark}</td>'
    )


def _measurement(m: Measurement) -> str:
    """Run file, device, figures and verdict of one record; strings of strangers as entities."""
    said = words.SPOKEN.get(m.verdict(), m.verdict())
    details = ", ".join([said, *(words.details(m) if m.current else []), *words.whose(m)])
    return f"{details}: {words.environment(m.provenance)}, run file {text(m.run)}"


def files(inputs: Inputs) -> dict[str, str]:
    """The generated file that the page includes."""
    return pieces(matrix=matrix(inputs.known))
