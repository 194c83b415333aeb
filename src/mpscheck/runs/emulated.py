"""Results on the emulated device as they are kept: one file a result, so that two pull requests never touch the same one.

Each file holds where it was made, what it was made of (`made_of`) and one row. `results/emulated/<kind>/` is checked in
and shown; `results/local/emulated/<kind>/` is this machine's own and ignored by git.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mpscheck.places import RESULTS
from mpscheck.progress import console
from mpscheck.runs import results
from mpscheck.runs.made_of import changed
from mpscheck.runs.provenance import same_environment

PUBLISHED = RESULTS / "emulated"
LOCAL = results.LOCAL / "emulated"
NO_CALIBRATION = {"schema": 1, "provenance": {}, "rows": []}
FIELDS = {"provenance": dict, "made_of": dict, "row": dict}


def environment() -> dict[str, str]:
    """The variables of a process that has the healthy emulated device, whatever this one has."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("MPSCHECK_")}
    return others | {"MPSCHECK_EMU": "1"}


def lines_of(command: list[str], **variables: str) -> Iterator[dict]:
    """The lines of JSON that a process with the emulated device writes, as they come; `variables` are its own.

    Raises CalledProcessError, with the last line that it wrote to stderr.
    """
    with tempfile.TemporaryFile("w+") as log:
        with subprocess.Popen(
            command, env=environment() | variables, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            for line in process.stdout:
                yield json.loads(line)
        log.seek(0)
        words = log.read().strip().splitlines()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=words[-1] if words else "it was killed")


def path_of(folder: Path, kind: str, name: str) -> Path:
    """The file of one result; a name may have folders of its own (`ioi-small-bridge/tanh-in-half`)."""
    return folder / kind / f"{name}.json"


def read_one(path: Path) -> dict:
    """One result. Raises BadResults."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise results.BadResults(f"{path.name} cannot be read as JSON: {error}") from None
    fits = isinstance(document, dict) and document.get("schema") == 1
    if not fits or not all(isinstance(document.get(name), kind) for name, kind in FIELDS.items()):
        raise results.BadResults(f"{path.name} is not a result on the emulated device: schema 1, {', '.join(FIELDS)}")
    return document


def read(kind: str, folder: Path | None = None) -> dict[str, dict]:
    """All results of a kind by name, sorted. Raises BadResults for the first bad one."""
    top = (folder or PUBLISHED) / kind
    paths = sorted(top.rglob("*.json"))
    return {path.relative_to(top).with_suffix("").as_posix(): read_one(path) for path in paths}


def write(folder: Path, kind: str, name: str, provenance: dict, made_of: dict, row: dict) -> None:
    """Keep one result; the others stay as they are."""
    document = {"schema": 1, "provenance": provenance, "made_of": made_of, "row": row}
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    results.write_atomic(path_of(folder, kind, name), text + "\n")


def kept(folders, kind: str, name: str, where: dict, made_of: dict) -> dict | None:
    """The row that one of these folders has of the very same code, measured in the same environment."""
    for path in (path_of(folder, kind, name) for folder in folders):
        try:
            document = read_one(path) if path.exists() else None
        except results.BadResults as error:
            console.print(f"{error}; it is measured again.", markup=False, soft_wrap=True)
            continue
        if document and document["made_of"] == made_of and same_environment(document["provenance"], where):
            return document["row"]
    return None


def stale(kind: str, now: dict[str, dict[str, str]]) -> dict[str, str]:
    """Which published results of a kind are not current, and why, by name; `now` is what each would be made of."""
    there = read(kind)
    reasons = {name: "not made yet" for name in now if name not in there}
    for name, document in there.items():
        if name not in now:
            reasons[name] = "what it is about is gone"
        elif parts := changed(document["made_of"], now[name]):
            reasons[name] = f"changed since: {', '.join(parts)}"
    return dict(sorted(reasons.items()))


def read_calibration(path: Path = PUBLISHED / "calibration.json") -> dict:
    """The error ratios of healthy devices; empty where there are none. Raises BadResults."""
    if not path.exists():
        return dict(NO_CALIBRATION)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != 1 or not isinstance(data["rows"], list):
            raise KeyError("schema")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise results.BadResults(f"{path.name} is not a file of emulated results: {error}") from None
    return data
