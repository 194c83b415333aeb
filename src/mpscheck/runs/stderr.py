"""What a worker process writes to stderr: kept in a file, read after each job, told without names of one machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mpscheck.runs.private import redacted

LONGEST = 2000  # characters of a record
LARGEST_FILE = 1_000_000  # bytes; a worker that writes more begins anew
# What Metal says where the GPU did not do what it was told. torch waits for a command buffer and does not ask how it ended
# (pytorch#193571), so these words are all that there is, and the numbers are what was in the memory before.
GPU_FAULTS = {  # words: a thread that has them
    r"command buffer exited with error status": "pytorch#125442, pytorch#125954; rasbt/machine-learning-notes#20",
    r"Execution of the command buffer was aborted due to an error": "WebODM/OpenSplat#198; flutter/flutter#155538",
    r"kIO(?:GPU|Accel)CommandBufferCallbackError\w+": "flutter/flutter#155538; pytorch#125954; jundot/omlx#1387",
    r"Command buffer execution failed": "Blaizzy/mlx-vlm#1064; Acelogic/LTX-2-MLX#5",
    # with Metal's validation on it may be said and gone on after
    r"failed assertion `": "pytorch#78492, pytorch#130376; deepbeepmeep/Wan2GP#1750",
}
_FAULT = re.compile("|".join(GPU_FAULTS))


class Stderr:
    """The file that workers write to."""

    def __init__(self, path: Path):
        self.path, self.seen = path, 0
        path.touch()

    def skip(self) -> None:
        """Leave out what was written since the last call: it came after one attempt and before the next."""
        self._since_last()

    def completed(self, attempt: dict) -> dict:
        """An attempt with the end of what was written since the last call, redacted.

        Numbers that were taken beside a fault of the GPU are none: the attempt is a `gpu-fault`.
        """
        text = self._since_last()
        written = redacted(_end(text))[-LONGEST:]
        fault = gpu_fault(text)
        if fault and attempt["outcome"] == "measured":
            attempt = attempt | {"outcome": "gpu-fault", "reason": fault, "functions": {}}
        return attempt | ({"stderr": written} if written else {})

    def _since_last(self) -> str:
        size = self.path.stat().st_size
        start = self.seen if self.seen <= size else 0  # a smaller file was begun anew
        self.seen = size
        with self.path.open("rb") as file:
            file.seek(start)
            text = file.read(size - start).decode("utf-8", "replace")
        if size > LARGEST_FILE:
            os.truncate(self.path, 0)
            self.seen = 0
        return text


def _end(text: str) -> str:
    """The last lines: a path that is cut at its beginning could not be told from words."""
    end = text[-16 * LONGEST :]
    return end if len(end) == len(text) else end.partition("\n")[2] or end.partition(" ")[2] or end[-LONGEST:]


def gpu_fault(text: str) -> str | None:
    """The first line that says that the GPU failed, redacted and short; None where there is none."""
    found = _FAULT.search(text)
    if found is None:
        return None
    line = text[text.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0]
    return one_line(f"Metal said: {line}")


def redirect(path: str) -> None:
    """Let this process, and what it starts, write stderr to the end of a file."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(handle, 2)
    os.close(handle)


def keep_small(path: str) -> None:
    """Begin the file anew where it has grown too large."""
    if os.path.getsize(path) > LARGEST_FILE:
        os.truncate(path, 0)
        os.write(2, b"(what was written before is left out)\n")


def one_line(text: object) -> str:
    """The first line of a message, redacted and short: it is stored and shown."""
    return redacted(str(text).strip().partition("\n")[0][: 16 * LONGEST])[:300]
