"""`mpscheck detection`: which check would have caught which fault?

Real models run on the emulated device, one fault at a time; each check of `validate_mps.py`, `locate` and, for the
catalogue's bugs, `audit` and the bug's own snippet say what they see. One process a model and entry point.
"""

import subprocess
import sys
from collections.abc import Iterator

import click
from rich.table import Table

from mpscheck.bugs import catalogue
from mpscheck.detection.facts import by_subject, sentences
from mpscheck.known import evidence
from mpscheck.progress import console, progress
from mpscheck.runs import emulated, made_of, numerics, provenance

KIND = "detection"
ENTRIES = ("transformers", "bridge")
MARKS = {"caught": "X", "passed": "missed", "not met": "", "could not check": "error"}


def main(models, chosen, faults, publish: bool, resume: bool) -> int:
    """Exit code 0: all rows measured; 1: a fault passed every check of validate_mps.py; 2: a model could not be run."""
    known = known_faults()
    unknown = sorted(set(faults) - set(known))
    if unknown:
        raise catalogue.UnknownBug(f"there is no fault {unknown[0]!r}; there are {', '.join(known)}")
    wanted = [slug for slug in known if slug in (faults or known)]
    where = provenance.collect("emu")
    bugs = {bug.slug: bug for bug in catalogue.with_check()}
    folders = (emulated.LOCAL, emulated.PUBLISHED) if publish else (emulated.LOCAL,)
    shown, failed = [], []
    for subject in [(model, entry) for model in models for entry in chosen or ENTRIES]:
        rows = {}
        for slug in wanted if resume else ():
            kept_in, made = (emulated.LOCAL, emulated.PUBLISHED), made_of.of_row(slug, bugs)
            if row := emulated.kept(kept_in, KIND, name_of(*subject, slug), where, made):
                rows[slug] = row
        missing = [slug for slug in wanted if slug not in rows]
        with progress(" ".join(subject), len(missing)) as step:
            try:
                for row in measure(*subject, missing):
                    rows[row["fault"]] = with_snippet(row)
                    for folder in folders:
                        emulated.write(
                            folder,
                            KIND,
                            name_of(*subject, row["fault"]),
                            where,
                            made_of.of_row(row["fault"], bugs),
                            row,
                        )
                    step(row["fault"])
            except KeyboardInterrupt:
                click.echo("Stopped. What was measured is kept: the same command with --resume goes on.", err=True)
                return 2
            except subprocess.CalledProcessError as error:
                failed.append(f"{' through '.join(subject)}: {error.stderr}")
        shown += rows.values()
    show(ordered(shown, known))
    for sentence in failed:
        click.echo(f"Could not run {sentence}", err=True)
    missed = any(found.missed for found in by_subject(shown))
    return 2 if failed else 1 if missed else 0


def known_faults() -> list[str]:
    """The faults of the table, in their order."""
    from mpscheck.detection.faults import groups

    return [fault.slug for members in groups().values() for fault in members]


def name_of(model: str, entry: str, fault: str) -> str:
    """What the file of a row is called."""
    return f"{model}-{entry}/{fault}"


def measure(model: str, entry: str, slugs: list[str]) -> Iterator[dict]:
    """The rows as a process of its own, which has the emulated device, gives them. Raises CalledProcessError."""
    if not slugs:
        return
    yield from emulated.lines_of([sys.executable, "-m", "mpscheck.detection.rows", model, entry, *slugs])


def with_snippet(row: dict) -> dict:
    """The row with a cell for the bug's own snippet, from its controls."""
    if document := evidence.read_controls().get(row["fault"]):
        said = document["row"]["sick"]["compute"]
        verdict = "caught" if said in numerics.SICK else "passed"
        row["cells"]["snippet"] = {"verdict": verdict, "wrong": 1, "margin": None, "text": said}
    return row


def ordered(rows: list[dict], known: list[str]) -> list[dict]:
    """By model and entry point, then as the faults are listed; rows of faults that are gone are left out."""
    here = [row for row in rows if row["fault"] in known]
    return sorted(here, key=lambda row: (row["model"], ENTRIES.index(row["entry"]), known.index(row["fault"])))


def show(rows: list[dict]) -> None:
    """Print a table for each model and entry point, and the sentences that follow from it."""
    for found in by_subject(rows):
        here = [row for row in rows if (row["model"], row["entry"]) == (found.model, found.entry) and row["fired"]]
        columns = list(dict.fromkeys(name for row in here for name in row["cells"]))
        table = Table(title=f"{found.model} through {found.entry} (emulated)")
        for heading in ("fault", *columns):
            table.add_column(heading, overflow="fold")
        for row in here:
            cells = (row["cells"].get(name) for name in columns)
            table.add_row(row["fault"], *(MARKS[cell["verdict"]] if cell else "" for cell in cells))
        console.print(table)
        console.print(f"{found.faults - len(here)} of {found.faults} faults would fire on no call, and were not run.")
        for sentence in sentences(found):
            console.print(sentence, markup=False)
