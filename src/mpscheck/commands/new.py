"""`mpscheck new`: begin the snippet of a bug that is known from threads alone; its row is taken out of the catalogue."""

import json
import os
import re
from pathlib import Path

import click

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.places import shown
from mpscheck.runs import results

THREAD = re.compile(r"(?:(?P<repository>[\w.-]+/[\w.-]+)?#)?(?P<number>\d+)")


def main(name: str) -> int:
    """0 if the file is there; raises UnknownBug where there is nothing to begin."""
    from mpscheck.lint import draft, mend

    bug = row_of(name)
    path = catalogue.BUGS / f"{bug.slug}.py"
    source = draft.docstring(bug) + "\n" + mend.literal(draft.facts(bug)) + "\n" + draft.functions(bug)
    move(bug, path, mend.mended(source))
    click.echo(
        f"{shown(path)} begins with what the catalogue knew of it; the row is taken out of {catalogue.ROWS.name}."
    )
    click.echo(f"Next: read {bug.url}, fill in the lines that say TODO, then `mpscheck try {bug.slug}`.")
    return 0


def row_of(name: str) -> Bug:
    """The row that a slug, `owner/repository#number` or a number names. Raises UnknownBug."""
    rows, checked = catalogue.rows(), catalogue.with_check()
    for bug in checked:
        if name in (bug.slug, bug.issue) or _named_by(bug, name, also=False):
            raise catalogue.UnknownBug(f"{name} has a snippet already: {bug.slug}")
    found = [bug for bug in rows if bug.slug == name]
    found = found or [bug for bug in rows if _named_by(bug, name, also=False)]
    found = found or [bug for bug in rows if _named_by(bug, name, also=True)]
    if not found:
        raise catalogue.UnknownBug(
            f"no row of {catalogue.ROWS.name} is called {name!r} or names that thread: a bug that is new begins as a copy "
            "of the nearest file in snippets/bugs"
        )
    if len(found) > 1:
        raise catalogue.UnknownBug(f"{name} is the thread of {', '.join(bug.slug for bug in found)}: name one of them")
    return found[0]


def _named_by(bug: Bug, name: str, also: bool) -> bool:
    """Whether a thread is the bug's own, or `also` one of those that it names besides. A bare number is PyTorch's."""
    match = THREAD.fullmatch(name)
    if match is None:
        return False
    thread = f"{match['repository'] or 'pytorch/pytorch'}#{match['number']}"
    others = (*bug.also, bug.fixed_pr, *(entry["thread"] for entry in bug.reported)) if also else ()
    return thread in (bug.issue, *others)


def move(bug: Bug, path: Path, source: str) -> None:
    """Write the snippet and take the row out: both or neither. Raises OSError, also where the file is there already."""
    lines = catalogue.ROWS.read_text(encoding="utf-8").splitlines(keepends=True)
    left = "".join(line for line in lines if json.loads(line)["slug"] != bug.slug)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(source)
        results.write_atomic(catalogue.ROWS, left)
    except BaseException:
        path.unlink()
        raise
