"""`mpscheck try`: mend, lint and measure one snippet, and say what to do next."""

from pathlib import Path

import click

from mpscheck.bugs import catalogue
from mpscheck.commands import controls
from mpscheck.commands.lint import held
from mpscheck.places import shown


def main(name: str) -> int:
    """0 if the proof is complete, 1 if something is left to do, 2 if it could not be tried."""
    from mpscheck.lint.mend import CannotFormat

    path = path_of(name)
    try:
        problems = held(path, fix=True)
    except CannotFormat as error:
        click.echo(f"{error}.", err=True)
        return 2
    if problems:
        what = "this" if problems == 1 else f"these {problems}"
        return _next(f"fix {what} in {shown(path)}, then try again.", 1)
    bug = catalogue.read(path)
    ((_, row),) = controls.measured([bug])
    for line in controls.lines_of(row, bug)[1:]:
        click.echo(line)
    if controls.skipped(row):
        return _next("try it on a machine with more memory.", 2)
    wrong = controls.problems_of(row, bug)
    for problem in wrong:
        click.echo(f"NOT AS EXPECTED: {problem}")
    if wrong:
        return _next(advice(row, bug), 1)
    done = "the proof is complete" if bug.imitable else f"the check agrees where it must, {controls.NOT_PROVEN}"
    return _next(f"{done}: commit {shown(path)}, and {shown(catalogue.ROWS)} if a row went with it.", 0)


def path_of(name: str) -> Path:
    """The file that a slug or a path names. Raises UnknownBug."""
    path = Path(name) if name.endswith(".py") else catalogue.BUGS / f"{name}.py"
    if not path.is_file():
        if name.endswith(".py"):
            raise catalogue.UnknownBug(f"there is no file {name}")
        catalogue.find(name)  # says what there is instead
    return path


def advice(row: dict, bug) -> str:
    """The next step where the controls are not as they must be: the first thing that stands in the way."""
    for mode, device in (("healthy", "the healthy device"), ("honest", "a healthy device with other arithmetic")):
        wrong = [name for name, verdict in row[mode].items() if verdict != "agrees"]
        if wrong:
            return f"{wrong[0]} must agree on {device}: look at its inputs and at what it compares, then try again."
    calls = row["calls"]
    if bug.check.exempt is None and not calls.get("compute"):
        return "the trigger matches no call of compute: make the call as the trigger says, or correct the trigger."
    others = [name for name, count in calls.items() if name != "compute" and count and bug.check.exempt is None]
    if others:
        return f"the trigger matches {others[0]} too: let it make another call, or let the trigger say more."
    if row["sick"].get("compute") == "agrees":
        return "the effect leaves the result right: choose inputs that it changes, or another effect."
    return "on the sick device compute must be wrong and the others must agree: look at the lines above."


def _next(sentence: str, status: int) -> int:
    click.echo(f"Next: {sentence}")
    return status
