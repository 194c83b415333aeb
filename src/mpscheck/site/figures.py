"""The part of a bug's page that holds CPU against MPS: runs, and below them what others published, visibly another kind."""

import re

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.bugs.figures import Figure
from mpscheck.site import words
from mpscheck.site.escape import line, text
from mpscheck.site.markup import anchor, table

HEADING = "## CPU against MPS { data-search-exclude }"
LABEL = "Reported by others, not run by us"
UNNAMED = "–"
NUMBERS = r"\[+[-\d., e\[\]]+\]"
VERDICTS = {"wrong": ("✘", "wrong"), "right": ("✔", "right"), None: ("–", "no verdict")}  # shape, word
OF = {None: "", "control": "control, not the faulty call: ", "workaround": "workaround: "}
COLUMNS = ["What", "CPU", "MPS", "On", "Source"]


def section(bug: Bug, found: tuple[Figure, ...], measured: str = "") -> str:
    """What runs measured, then what others published; one line where no figure is public."""
    others = reported(found) if found else nothing(bug, bool(measured))
    return "\n\n".join([HEADING, *([measured] if measured else []), others])


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
        return f"Figures are in the [threads](#threads) alone: nobody has put them into this table{run}"
    return f"No CPU-vs-MPS figure of this bug is known to be public{run}"


def _row(one: Figure) -> list[str]:
    shape, said = VERDICTS[one.verdict]
    doubt = f"; {words.prose(one.doubt, 140)}" if one.doubt else ""
    return [
        f"{OF[one.of]}{_what(one.what)}",
        f"<code>{text(one.cpu)}</code>" if one.cpu is not None else UNNAMED,
        f'<code>{text(one.mps)}</code><br><small><span aria-hidden="true">{shape}</span> {said}{doubt}</small>',
        _on(one),
        _source(one),
    ]


def _what(value: str) -> str:
    """What was measured, in plain text; lists of numbers in it as code."""
    parts = re.split(f"({NUMBERS})", line(value, 140))
    return "".join(f"<code>{text(one)}</code>" if place % 2 else _plain(one) for place, one in enumerate(parts))


def _plain(part: str) -> str:
    """A piece of plain text, with the spaces at its ends."""
    inner = part.strip()
    left, right = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return f"{left}{words.prose(inner, 140)}{right}" if inner else left


def _on(one: Figure) -> str:
    """PyTorch, macOS and GPU, as far as they are named."""
    parts = [f"PyTorch {_versions(one.torch)}" if one.torch else "PyTorch not named"]
    parts += [f"macOS {text(one.macos)}"] if one.macos else []
    parts += [text(one.chip) + (" (virtual)" if one.virtual else "")] if one.chip else []
    return ", ".join(parts)


def _versions(torch: tuple[str, ...]) -> str:
    """Each of a few by name; `2.4.1 to 2.14.0 (11 of them)` for many."""
    ordered = [text(version) for version in sorted(torch, key=Version)]
    return ", ".join(ordered) if len(ordered) <= 4 else f"{ordered[0]} to {ordered[-1]} ({len(ordered)} of them)"


def _source(one: Figure) -> str:
    """Link and day, and what a reader can get hold of besides the figures."""
    there = [name for name, given in (("code", one.code), ("log", one.log)) if given]
    notes = [*([one.date] if one.date else []), *([f"with {' and '.join(there)}"] if there else [])]
    link = anchor(one.url, text(one.origin))
    return f"{link}<br><small>{', '.join(notes)}</small>" if notes else link


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
