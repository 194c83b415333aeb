"""What a worker process writes to stderr: kept in a file, read after each job, told without names of one machine."""

import getpass
import os
import re
import socket
from pathlib import Path

LONGEST = 2000  # characters of a record
LARGEST_FILE = 1_000_000  # bytes; a worker that writes more begins anew
_FOLDERS = re.compile(r"(?<![\w.])(?<!:/)(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'\"<>|]+)+(?=[/\\][^\s/\\:'\"<>|])")


class Stderr:
    """The file that workers write to. `since_last` gives what is new in it."""

    def __init__(self, path: Path):
        self.path, self.seen = path, 0
        path.touch()

    def since_last(self) -> dict[str, str]:
        """The end of what was written since the last call, redacted, as a part of an attempt; empty for nothing."""
        size = self.path.stat().st_size
        start = self.seen if self.seen <= size else 0  # a smaller file was begun anew
        self.seen = size
        with self.path.open("rb") as file:
            file.seek(max(start, size - 4 * LONGEST))
            text = file.read(size).decode("utf-8", "replace")
        written = redacted(text)[-LONGEST:]
        return {"stderr": written} if written else {}


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


def redacted(text: str) -> str:
    """Text without folders (`…/kernel.py`), the names of user and machine, and control characters."""
    text = _FOLDERS.sub("…", text)
    for name in {getpass.getuser(), socket.gethostname(), socket.gethostname().partition(".")[0]} - {"", "root"}:
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "…", text)
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text).strip()
