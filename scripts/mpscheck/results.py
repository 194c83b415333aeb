"""Run files: reading, writing, and refusing what is not one. A run file may come from a stranger: data, never code."""

import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path

import jsonschema

from mpscheck.catalogue import ROOT

SCHEMA = ROOT / "results" / "schema.json"
RUNS = ROOT / "results" / "runs"
LOCAL = ROOT / "results" / "local"
MAX_BYTES = 20_000_000


class BadResults(ValueError):
    """A file that is not a run file; the message names the file, the place in it, and what was expected."""


@lru_cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def check(run: dict, name: str) -> dict:
    """The run itself if it follows the schema. Raises BadResults with the deepest thing that is wrong."""
    error = jsonschema.exceptions.best_match(_validator().iter_errors(run))
    if error is not None:
        place = "/".join(str(part) for part in error.absolute_path) or "the whole file"
        raise BadResults(f"{name} is not a run file: {place}: {error.message[:200]}")
    return run


def read(path: Path) -> dict:
    """A run file, validated. Raises BadResults."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadResults(f"{path.name} is larger than {MAX_BYTES:,} bytes: not a run file")
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadResults(f"{path.name} cannot be read as JSON: {error}") from None
    return check(run, path.name)


def read_folder(folder: Path) -> dict[str, dict]:
    """All run files of a folder by their names. Raises BadResults for the first bad one."""
    return {path.stem: read(path) for path in sorted(folder.glob("*.json"))}


def write_atomic(path: Path, text: str) -> None:
    """Write a file so that it is the old one or the whole new one, never a half. OSError passes through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write(path: Path, run: dict) -> None:
    """Write a run file, validated first. Raises BadResults, OSError."""
    check(run, path.name)
    write_atomic(path, json.dumps(run, indent=1, sort_keys=True, allow_nan=False) + "\n")


class Journal:
    """Records of a run in progress, one a line, so that nothing measured is lost: `<run file>.part.jsonl`."""

    def __init__(self, run_file: Path, provenance: dict):
        self.run_file, self.provenance = run_file, provenance
        self.path = run_file.with_suffix(".part.jsonl")

    def recover(self) -> list[dict]:
        """The records of an interrupted run in the same environment; a half-written last line is dropped."""
        from mpscheck.provenance import same_environment

        if not self.path.exists():
            return []
        lines = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                break
        if not lines or not same_environment(lines[0], self.provenance):
            return []
        check({"schema": 1, "provenance": lines[0], "records": lines[1:]}, self.path.name)
        return lines[1:]

    def start(self, records: list[dict]) -> None:
        """Begin the journal anew with the records that are kept."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [self.provenance, *records]
        write_atomic(self.path, "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines))

    def append(self, record: dict) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")

    def finish(self, records: list[dict]) -> None:
        """Write the run file and remove the journal."""
        ordered = sorted(records, key=lambda r: (r["snippet"], r.get("faults", [])))
        write(self.run_file, {"schema": 1, "provenance": self.provenance, "records": ordered})
        self.path.unlink(missing_ok=True)
