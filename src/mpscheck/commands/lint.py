"""`mpscheck lint`: hold all known bugs against the contract of CONTRIBUTING.md."""

from pathlib import Path

import click

from mpscheck.bugs import catalogue, figures
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
    count = 0
    for path in paths:
        try:
            if fix and mend_file(path, mend.mended):
                click.echo(f"{_shown(path)}: mended")
        except mend.CannotFormat as error:
            click.echo(f"{error}.", err=True)
            return 2
        problems = lint.problems_of_file(path)
        for rule, problem in problems:
            click.echo(f"{_shown(path)}: {rule}: {problem}")
        for rule, note in lint.notes_of(catalogue.read(path)) if not problems else ():
            click.echo(f"{_shown(path)}: note: {rule}: {note}")
        count += len(problems)
    rows = () if files else catalogue.rows()
    for bug in rows:
        for rule, problem in lint.problems_of(bug):
            click.echo(f"{_shown(catalogue.ROWS)}: {bug.slug}: {rule}: {problem}")
            count += 1
    if not files:
        catalogue.all_bugs()  # raises where a bug has both a snippet and a row
        figures.load()  # raises where figures are of no bug
    held = f"{len(paths)} snippet{'s' * (len(paths) != 1)}" + (
        f", {len(rows)} row{'s' * (len(rows) != 1)}" if rows else ""
    )
    click.echo(f"{held}, {count} problem{'s' * (count != 1)}")
    return 1 if count else 0


def mend_file(path: Path, mended) -> bool:
    """Write a snippet as `mended` gives it; True if that changed it."""
    try:
        before = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # the linter says so
        return False
    after = mended(before)
    if after != before:
        results.write_atomic(path, after)
    return after != before


def _shown(path: Path) -> Path:
    """The path relative to the current folder where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_absolute() and path.is_relative_to(Path.cwd()) else path
