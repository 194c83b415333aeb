"""`mpscheck lint`: hold all known bugs against the contract of CONTRIBUTING.md."""

from pathlib import Path

import click

from mpscheck.bugs import catalogue, figures, guards
from mpscheck.places import shown
from mpscheck.runs import results


def main(files, fix: bool = False) -> int:
    """0 if there is no problem, 1 if there is one, 2 if a package is lacking."""
    try:
        from mpscheck import lint
        from mpscheck.lint import mend
    except ModuleNotFoundError as error:
        click.echo(f"mpscheck lint needs the package {error.name}: .venv/bin/pip install -e '.[test]'", err=True)
        return 2
    paths = [Path(file) for file in files] or sorted(catalogue.BUGS.glob("*.py"))
    try:
        count = sum(held(path, fix) for path in paths)
    except mend.CannotFormat as error:
        click.echo(f"{error}.", err=True)
        return 2
    rows = () if files else catalogue.rows()
    for bug in rows:
        for rule, problem in lint.problems_of(bug):
            click.echo(f"{shown(catalogue.ROWS)}: {bug.slug}: {rule}: {problem}")
            count += 1
    if not files:
        catalogue.all_bugs()  # raises where a bug has both a snippet and a row
        figures.load()  # raises where figures are of no bug
        for problem in lint.guards.check(guards.load()):
            click.echo(f"{shown(guards.FILE)}: {problem}")
            count += 1
    summary = f"{len(paths)} snippet{'s' * (len(paths) != 1)}" + (
        f", {len(rows)} row{'s' * (len(rows) != 1)}" if rows else ""
    )
    click.echo(f"{summary}, {count} problem{'s' * (count != 1)}")
    return 1 if count else 0


def held(path: Path, fix: bool) -> int:
    """Hold one snippet against the rules, after mending it where `fix` says so; how many problems it has.

    Says what was mended, each problem, and what is worth a look where there is none. Raises CannotFormat.
    """
    from mpscheck import lint

    if fix and mended(path):
        click.echo(f"{shown(path)}: fixed")
    problems = lint.problems_of_file(path)
    for rule, problem in problems:
        click.echo(f"{shown(path)}: {rule}: {problem}")
    for rule, note in lint.notes_of(catalogue.read(path)) if not problems else ():
        click.echo(f"{shown(path)}: note: {rule}: {note}")
    return len(problems)


def mended(path: Path) -> bool:
    """Write a snippet as it should be; True if that changed it. Raises CannotFormat."""
    from mpscheck.lint import mend

    try:
        before = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # the linter says so
        return False
    after = mend.mended(before)
    if after != before:
        results.write_atomic(path, after)
    return after != before
