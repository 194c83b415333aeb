"""What a sweep has done so far: one line an entry in `<report>.part.jsonl`, written at once. `--resume` goes on from there."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mpscheck.runs import journal, provenance, results

SCHEMA = 1


class Log:
    """The lines of a sweep, open and held for this process alone. Raises results.BadResults; OSError."""

    def __init__(self, report: Path, where: dict, options: dict, resume: bool):
        self.report, self.path = report, report.with_suffix(journal.SUFFIX)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._held = journal.held(self.path)
        lines, end = journal.whole_lines(self.path.read_bytes())
        self.entries: dict[str, dict] = {}
        if resume and lines and _same(lines[0], where, options):
            self.entries = {line["entry"]: line for line in lines[1:] if "entry" in line}
            os.ftruncate(self._held, end)  # a half-written last line
        else:
            os.ftruncate(self._held, 0)
            self._write({"provenance": where, "options": options})

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_) -> None:
        os.close(self._held)

    def append(self, entry: dict) -> None:
        """Write down what came of one entry."""
        self._write(entry)
        self.entries[entry["entry"]] = entry

    def _write(self, line: dict) -> None:
        journal.write_line(self._held, json.dumps(line), self.path)

    def finish(self, document: dict) -> None:
        """Write the report, and remove the lines."""
        with journal.naming(self.report):
            results.write_atomic(self.report, json.dumps(document, indent=1, sort_keys=True) + "\n")
        self.path.unlink()


def _same(head: dict, where: dict, options: dict) -> bool:
    """Whether lines were written on such a machine with the same seed and shard."""
    there = head.get("provenance")
    return isinstance(there, dict) and head.get("options") == options and provenance.same_environment(there, where)
