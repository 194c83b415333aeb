"""A run in progress: `<run file>.part.jsonl`, one line for each record and canary as it comes. Nothing is written twice.

A run that is stopped leaves it, and `--resume` or who collects the runs goes on from there. One run holds it at a time.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mpscheck.runs import private, provenance, results

SUFFIX = ".part.jsonl"


class Taken(results.BadResults):
    """Another run writes this file."""


class Journal:
    """The journal of a run file, open and held for this run alone. Raises Taken; OSError with the name of the file."""

    def __init__(self, run_file: Path, where: dict, resume: bool):
        self.run_file, self.where = run_file, where
        self.path = run_file.with_suffix(SUFFIX)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._held = held(self.path)
        self.entries: list[dict] = []  # what an interrupted run in the same environment left, and what came since
        lines, end = whole_lines(self.path.read_bytes())
        if resume and lines and provenance.same_environment(lines[0], where):
            self.entries = _run(lines, self.path.name)[1]
            os.ftruncate(self._held, end)  # a half-written last line
        else:
            os.ftruncate(self._held, 0)
            self._write(where)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_) -> None:
        os.close(self._held)

    def append(self, entry: dict) -> dict:
        """Write down one record or canary at once, without what is private in it: all that is stored passes here."""
        entry = private.of_entry(entry)
        self._write(entry)
        self.entries.append(entry)
        return entry

    def _write(self, line: dict) -> None:
        write_line(self._held, json.dumps(line, allow_nan=False), self.path)

    def finish(self, run: dict) -> None:
        """Write the run file, and remove the journal."""
        with naming(self.run_file):
            results.write(self.run_file, run)
        self.path.unlink()


def read(path: Path) -> dict:
    """The run that a journal holds, as far as it came. Raises BadResults."""
    try:
        if path.stat().st_size > results.MAX_BYTES:
            raise results.BadResults(f"{results.printable(path.name)} is larger than {results.MAX_BYTES:,} bytes")
        lines, _ = whole_lines(path.read_bytes())
    except OSError as error:
        raise results.BadResults(f"{results.printable(path.name)} cannot be read: {error.strerror}") from None
    return _run(lines, path.name)[0]


def read_either(path: Path) -> dict:
    """The run of a run file or of a journal. Raises BadResults."""
    return read(path) if path.name.endswith(SUFFIX) else results.read(path)


def run_file_of(path: Path) -> Path:
    """Where the run of a journal is kept when it is done."""
    return path.with_name(path.name.removesuffix(SUFFIX) + ".json")


def is_record(entry: dict) -> bool:
    """True for a record, False for a canary."""
    return "snippet" in entry


def split(entries: Iterable[dict]) -> tuple[list[dict], list[dict]]:
    """Records and canaries."""
    entries = list(entries)
    return [e for e in entries if is_record(e)], [e for e in entries if not is_record(e)]


def _run(lines: list[dict], name: str) -> tuple[dict, list[dict]]:
    """Lines as a run, and all but the first. Raises BadResults."""
    if not lines:
        raise results.BadResults(f"{results.printable(name)} holds nothing")
    where, *entries = lines
    records, canaries = split(entries)
    return results.check(results.document(where, records, canaries), name), entries


def held(path: Path) -> int:
    """A descriptor of the file, for this process alone until it is closed. Raises Taken."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise Taken(f"another run is writing {results.printable(path.name)}: wait for it, or say --out") from None
        os.close(descriptor)  # the run that held it has just finished, and removed it


def write_line(descriptor: int, line: str, path: Path) -> None:
    """Write a whole line at once. Raises OSError with the name of the file."""
    text = f"{line}\n".encode()
    with naming(path):
        while text:
            text = text[os.write(descriptor, text) :]


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError in here names this file, whatever it named."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def whole_lines(content: bytes) -> tuple[list[dict], int]:
    """What a journal holds, up to the first line that is not whole, and where that begins."""
    found, end = [], 0
    for line in content.splitlines(keepends=True):
        try:
            value = results.parse(line.decode()) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            break
        found.append(value)
        end += len(line)
    return found, end
