"""`mpscheck works-with`: what `validate` and `locate` say of the models that people use, healthy and with a fault.

A process for each environment and device runs all models that it has; each model's row is kept as soon as it is there.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table

from mpscheck import environments
from mpscheck.bugs import catalogue
from mpscheck.detection.libraries import LIBRARIES, Library
from mpscheck.progress import console, progress
from mpscheck.runs import emulated, made_of, provenance

KIND = "works-with"
PROCESSES = {"honest": "honest", "healthy,sick": "1"}  # devices: MPSCHECK_EMU


def main(names, runs: int, seconds: float, publish: bool, resume: bool) -> int:
    """Exit code 0: no tool was wrong; 1: a false alarm, or a fault that both tools missed; 2: a model could not be run."""
    known = {file_of(library.name): library for library in LIBRARIES}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise catalogue.UnknownBug(f"there is no model {unknown[0]!r}; there are {', '.join(known)}")
    wanted = [name for name in known if name in (names or known)]
    where = provenance.collect("emu")
    folders = (emulated.LOCAL, emulated.PUBLISHED) if publish else (emulated.LOCAL,)
    rows, failed = {}, []
    for name in wanted if resume else ():
        kept_in = (emulated.LOCAL, emulated.PUBLISHED)
        if row := emulated.kept(kept_in, KIND, name, where, made_now(known[name], *kept_in)):
            rows[name] = row
    for environment in dict.fromkeys(known[name].environment for name in wanted if name not in rows):
        here = [known[name] for name in wanted if name not in rows and known[name].environment == environment]
        if environment and not environments.is_made(environment):
            failed.append(f"{environment}: `mpscheck environments {environment}` makes what it needs")
            continue
        parts: dict[str, dict] = {library.name: {} for library in here}
        with progress(environment or "models", len(here) * len(PROCESSES)) as step:
            for devices, mode in PROCESSES.items():
                try:
                    for part in measure(here, devices, mode, runs, seconds):
                        before = parts[part["name"]]
                        row = parts[part["name"]] = part | {"cells": before.get("cells", {}) | part["cells"]}
                        if before:  # the other process had its part
                            keep(folders, row, where, environment)
                            rows[file_of(row["name"])] = row
                        step(part["name"])
                except subprocess.CalledProcessError as error:
                    failed.append(f"{devices}: {error.stderr}")
    show([rows[name] for name in wanted if name in rows])
    for sentence in failed:
        click.echo(f"Could not run {sentence}", err=True)
    return 2 if failed else int(any(map(wrong, rows.values())))


def keep(folders, row: dict, where: dict, environment: str) -> None:
    """Write the row of a model; the versions of packages are those of its environment."""
    place = where | {"packages": row.pop("packages")}
    for folder in folders:
        emulated.write(folder, KIND, file_of(row["name"]), place, made_of_row(environment, row), row)


def wrong(row: dict) -> bool:
    """Whether a tool raised a false alarm, or both missed the fault."""
    cells = row["cells"]
    alarms = sum(tool["disagrees"] for name, cell in cells.items() if name != "sick" for tool in cell.values())
    caught = sum(tool["disagrees"] for tool in cells["sick"].values()) if "sick" in cells else 1
    return bool(alarms) or not caught


def file_of(model: str) -> str:
    """What the file of a kind of model is called."""
    return re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")


def made_now(library: Library, *folders: Path) -> dict[str, str]:
    """What the row of a model would be made of today, with the fault that it was given in the first folder that has it."""
    paths = [emulated.path_of(folder, KIND, file_of(library.name)) for folder in folders or (emulated.PUBLISHED,)]
    row = next((emulated.read_one(path)["row"] for path in paths if path.exists()), {})
    return made_of_row(library.environment, row)


def made_of_row(environment: str, row: dict) -> dict[str, str]:
    """What a row is made of."""
    bugs = {bug.slug: bug for bug in catalogue.with_check()}
    return made_of.of_works(row.get("fault", ""), environment, bugs)


def measure(libraries: list[Library], devices: str, mode: str, runs: int, seconds: float) -> Iterator[dict]:
    """The parts of rows as a process of its own gives them. Raises CalledProcessError."""
    environment = libraries[0].environment
    python = environments.python_of(environment) if environment else sys.executable
    names = [library.name for library in libraries]
    command = [str(python), "-m", "mpscheck.detection.works", devices, str(runs), str(seconds), *names]
    return emulated.lines_of(command, MPSCHECK_EMU=mode, HF_HUB_OFFLINE="1")


def show(rows: list[dict]) -> None:
    """Print how often each tool agreed, by model and device."""
    table = Table(title="What it works with (emulated): runs in which a tool agreed, disagreed, could not check")
    for heading in ("model", "device", "validate", "locate", "reasons"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        for device, cell in row["cells"].items():
            counts = [f"{t['agrees']} / {t['disagrees']} / {t['could not check']}" for t in cell.values()]
            reasons = [r for t in cell.values() for r in t["reasons"][:1] if device != "sick"]
            name = f"{device}: {row['fault']}" if device == "sick" else device
            table.add_row(row["name"], name, *counts, "; ".join(reasons))
    console.print(table)
