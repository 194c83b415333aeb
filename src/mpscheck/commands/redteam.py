"""`mpscheck redteam`: how large and how frequent must an error be, for validate to see it and for locate to name it?

Small models run on the emulated device, which is given one fault at a time. The faults are made by rule for the ops that a
model calls, and drawn with a fixed seed. One process a model.
"""

import subprocess
import sys

import click

from mpscheck.bugs.catalogue import UnknownBug
from mpscheck.detection import shares
from mpscheck.progress import progress
from mpscheck.runs import emulated, made_of, provenance

KIND = "redteam"


def main(names: tuple[str, ...], few: bool, publish: bool) -> int:
    """Exit code 0: done; 1: a healthy device was called wrong; 2: a model could not be run."""
    if few and publish:
        raise click.UsageError("--few is a trial; what is published is measured in full")
    unknown = sorted(set(names) - set(models()))
    if unknown:
        raise UnknownBug(f"there is no model {unknown[0]!r}; there are {', '.join(models())}")
    where, made = provenance.collect("emu"), made_of.of_redteam()
    folders = [] if few else [emulated.LOCAL, emulated.PUBLISHED] if publish else [emulated.LOCAL]
    alarms = 0
    for name in names or models():
        try:
            row = measure(name, few)
        except subprocess.CalledProcessError as error:
            click.echo(f"Could not run {name}: {error.stderr}", err=True)
            return 2
        for folder in folders:
            emulated.write(folder, KIND, name, where, made, row)
        click.echo(said(row))
        alarms += len(shares.false_alarms(row))
    return 1 if alarms else 0


def models() -> list[str]:
    """The names of the models."""
    from mpscheck.detection.redteam import MODELS

    return list(MODELS)


def measure(name: str, few: bool) -> dict:
    """All trials of a model, as a process of its own gives them. Raises CalledProcessError."""
    command = [sys.executable, "-m", "mpscheck.detection.redteam", name, *["few"] * few]
    lines = emulated.lines_of(command, HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1")
    total, found = next(lines)["trials"], []
    with progress(name, total) as step:
        for line in lines:
            found.append(line)
            step(line.get("fault", "done"))
    *trials, facts = found
    return facts | {"trials": trials}


def said(row: dict) -> str:
    """What came of a model, in lines."""
    trials = row["trials"]
    lines = [f"{row['model']}: {len(trials)} faults, {len(shares.false_alarms(row))} false alarms"]
    lines += [
        f"  {size:,} times the allowed error, in each call: {s.caught} of {s.tried} caught"
        for size, s in shares.by_size(trials).items()
    ]
    for size in sorted({trial["size"] for trial in trials if trial["every"] > 1}, reverse=True):
        words = f"{size:,} times the allowed error" if size else "errors without a size"
        lines += [
            f"  {words}, 1 in {n} calls: {s.caught} of {s.tried} caught"
            for n, s in shares.by_rate(trials, size).items()
        ]
    named = shares.by(trials, lambda trial: trial["locate"])
    return "\n".join([*lines, "  locate: " + ", ".join(f"{len(some)} {word}" for word, some in named.items())])
