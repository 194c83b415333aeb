"""The part of a bug's page that holds CPU against MPS: what others published, visibly another kind than a run of ours."""

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.bugs.figures import Figure
from mpscheck.site import words
from mpscheck.site.escape import text
from mpscheck.site.markup import anchor, table

HEADING = "## CPU against MPS { data-search-exclude }"
LABEL = "Reported by others, not run by us"
UNNAMED = "–"
VERDICTS = {
    "wrong": ("✘", "wrong"),
    "right": ("✔", "right"),
    None: ("–", "no verdict"),
}
OF = {None: "", "control": "control, not the faulty call: ", "workaround": "workaround: "}
COLUMNS = ["PyTorch", "macOS", "GPU", "What", "CPU", "MPS", "They say", "Date", "Source"]


def section(bug: Bug, found: tuple[Figure, ...], on_mac: bool) -> str:
    """Heading and table; one line where no figure is public. `on_mac`: a run of ours on a Mac is shown on the page."""
    return f"{HEADING}\n\n{reported(found) if found else nothing(bug, on_mac)}"


def reported(found: tuple[Figure, ...]) -> str:
    """The rows that others published, the newest PyTorch first, those without a version last."""
    named = sorted((one for one in found if one.torch), key=lambda one: one.newest, reverse=True)
    rows = [_row(one) for one in (*named, *(one for one in found if not one.torch))]
    said = f"**{LABEL}.** Numbers are as published; {UNNAMED} is what the source does not give."
    return f"{said}\n\n{table(COLUMNS, rows, f'CPU against MPS. {LABEL}')}"


def nothing(bug: Bug, on_mac: bool) -> str:
    """One line: there is no table, and why."""
    run = "." if on_mac else ", and it has not run on a Mac yet."
    if any("figures" in sighting for sighting in bug.reported):
        return f"Figures stand in the [threads](#threads) alone: nobody has put them into this table{run}"
    return f"No CPU-vs-MPS figure of this bug is known to be public{run}"


def _row(one: Figure) -> list[str]:
    shape, said = VERDICTS[one.verdict]
    gpu = UNNAMED if one.chip is None else text(one.chip) + (" (virtual)" if one.virtual else "")
    doubt = f"<br><small>{words.prose(one.doubt, 140)}</small>" if one.doubt else ""
    return [
        _versions(one.torch),
        text(one.macos) if one.macos else UNNAMED,
        gpu,
        f"{OF[one.of]}{words.prose(one.what, 140)}",
        f"<code>{text(one.cpu)}</code>" if one.cpu is not None else UNNAMED,
        f"<code>{text(one.mps)}</code>",
        f'<span aria-hidden="true">{shape}</span> {said}{doubt}',
        one.date or UNNAMED,
        anchor(one.url, _name(one)) + _public(one),
    ]


def _versions(torch: tuple[str, ...]) -> str:
    """`2.4.1 to 2.14.0 (11 releases)` for many, each of few by name."""
    if len(torch) <= 3:
        return ", ".join(map(text, torch)) or UNNAMED
    ordered = sorted(torch, key=Version)
    return f'<span title="{", ".join(map(text, ordered))}">{text(ordered[0])} to {text(ordered[-1])}</span> ({len(torch)} of them)'


def _name(one: Figure) -> str:
    """A thread by its number, a file by its name."""
    return text(one.source if one.source != one.url else f"{one.origin}: {one.url.rpartition('/')[2]}")


def _public(one: Figure) -> str:
    """What a reader can get hold of, besides the figures."""
    there = [name for name, given in (("code", one.code), ("log", one.log)) if given]
    return f"<br><small>with {' and '.join(there)}</small>" if there else ""


def as_data(found: tuple[Figure, ...]) -> list[dict]:
    """The rows for `bugs.json`, each with every field."""
    return [
        {
            "what": one.what,
            "quantity": one.quantity,
            "of": one.of or "bug",
            "cpu": one.cpu,
            "mps": one.mps,
            "verdict": one.verdict,
            "torch": list(one.torch),
            "macos": one.macos,
            "chip": one.chip,
            "virtual": one.virtual,
            "date": one.date,
            "source": one.url,
            "code_public": one.code,
            "log_public": one.log,
            "doubt": one.doubt,
        }
        for one in found
    ]
