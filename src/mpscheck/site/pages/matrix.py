"""The matrix of the bugs with a snippet: bug by release of PyTorch. What is said there, and what Macs gave."""

from html import escape

from mpscheck.bugs.bug import Bug
from mpscheck.known import evidence, releases
from mpscheck.known.entry import Entry
from mpscheck.site import words
from mpscheck.site.escape import attribute, claim_html, text
from mpscheck.site.inputs import Inputs, pieces
from mpscheck.site.pages.reported import STATE_SHAPES

STATES = {letter: state for state, letter in releases.LETTERS.items()}
SWITCH = {"": "any", "15": "15", "26": "26"}


def matrix(entries: list[Entry], runs: dict[str, dict]) -> str:
    """Switch and table, as HTML. A cell links to the bug's page; `docs/assets/matrix.js` opens its provenance instead."""
    checked = sorted((entry for entry in entries if entry.has_check), key=lambda entry: entry.order)
    versions = [release.version for release in releases.load()][::-1]
    head = "".join(f'<th scope="col">{version}</th>' for version in versions)
    rows = "\n".join(_row(entry.bug, versions, runs) for entry in checked)
    options = "".join(
        f'<label><input type="radio" name="macos" value="{value}"{" checked" if not value else ""}> {shown}</label>'
        for value, shown in SWITCH.items()
    )
    return (
        '<div data-matrix data-search-exclude>\n<form class="switch" hidden><fieldset><legend>macOS</legend>'
        f"{options}</fieldset></form>\n{_legend()}\n"
        '<div class="scroll matrix" role="region" aria-label="Bugs by PyTorch release" tabindex="0">\n'
        f'<table aria-label="State of each bug on each release">\n<thead><tr><th scope="col">Bug</th>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
        '<dialog aria-labelledby="cell-title"><h2 id="cell-title"></h2><div data-body></div>'
        '<form method="dialog"><button class="md-button">Close</button></form></dialog>\n</div>'
    )


def _legend() -> str:
    signs = " · ".join(
        f'<span class="verdict verdict--{name}"><span aria-hidden="true">{shape}</span> {state}</span>'
        for state, (shape, name) in STATE_SHAPES.items()
    )
    return f"<p>{signs}: what threads, release notes and wheels say. A <strong>●</strong> marks a cell that was measured on a Mac.</p>"


def _row(bug: Bug, versions: list[str], runs: dict[str, dict]) -> str:
    cells = "".join(_cell(bug, version, runs) for version in versions)
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


def _cell(bug: Bug, version: str, runs: dict[str, dict]) -> str:
    """One state for each place of the switch, and what Macs gave on this release."""
    letters = {value: releases.LETTERS[releases.state(bug, version, value or None)] for value in SWITCH}
    state = STATES[letters[""]]
    shape, name = STATE_SHAPES[state]
    changes = "".join(
        f' data-m{value}="{letter}"' for value, letter in letters.items() if value and letter != letters[""]
    )
    measured = [m for m in evidence.on_mac(bug, runs) if m.provenance["torch"].split("+")[0] == version]
    found = "; ".join(_measurement(m) for m in measured)
    mark = (
        f'<span title="measured" class="measured">●</span><span class="sr">, measured: {words.on_macs(measured)}</span>'
        if any(m.measured for m in measured)
        else ""
    )
    data = f' data-found="{found}"' if found else ""
    return (
        f'<td><a href="../bugs/{bug.slug}/#versions" data-any="{letters[""]}"{changes}{data} '
        f'class="verdict verdict--{name}" aria-label="{state}">{shape}</a>{mark}</td>'
    )


def _measurement(m: evidence.Measurement) -> str:
    """Run file, device, figures and verdict of one record; strings of strangers as entities."""
    details = ", ".join([m.verdict(), *(words.details(m) if m.current else [])])
    return f"{details}: {words.environment(m.provenance)}, run file {text(m.run)}"


def files(inputs: Inputs) -> dict[str, str]:
    """The generated file that the page includes."""
    return pieces(matrix=matrix(inputs.known, inputs.runs))
