"""`mpscheck lint`: hold snippets against the contract of CONTRIBUTING.md."""

from pathlib import Path

import click

from mpscheck.bugs import catalogue


def main(files) -> int:
    try:
        from mpscheck import lint
    except ModuleNotFoundError as error:
        click.echo(f"mpscheck lint needs the package {error.name}: .venv/bin/pip install -e '.[test]'", err=True)
        return 2
    paths = [Path(file) for file in files] or sorted(catalogue.BUGS.glob("*.py"))
    count = 0
    for path in paths:
        for rule, problem in lint.problems_of_file(path):
            click.echo(f"{_shown(path)}: {rule}: {problem}")
            count += 1
    click.echo(f"{len(paths)} snippet{'s' * (len(paths) != 1)}, {count} problem{'s' * (count != 1)}")
    return 1 if count else 0


def _shown(path: Path) -> Path:
    """The path relative to the current folder where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_absolute() and path.is_relative_to(Path.cwd()) else path
