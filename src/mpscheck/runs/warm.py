"""Processes that have torch and the emulated device from their first moment: forks of a server that imported them once.

Each is as clean as a new process, without a wait for torch. Not for a real GPU, whose runtime does not outlive a fork.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mpscheck.bugs.bug import Bug
from mpscheck.places import ROOT
from mpscheck.runs.process import START_LIMIT, Process

LIMIT = 600.0  # seconds for one program


class Server:
    """A process that waits and forks; `mode` is that of its emulated device (MPSCHECK_EMU). It must be closed."""

    def __init__(self, mode: str):
        self._process = Process(_load, mode, limit=START_LIMIT)

    def run(self, function: Callable, *args, timeout: float = LIMIT) -> int | None:
        """The exit status of a process that does this and nothing else; None if it was killed after `timeout` seconds."""
        return self._process.call(_fork, function, args, timeout, limit=timeout + START_LIMIT)

    def close(self) -> None:
        self._process.end()


def _load(mode: str) -> None:
    """How the server begins. It computes nothing, since a fork would lose the threads of that."""
    os.environ["MPSCHECK_EMU"] = mode
    os.environ.pop("MPSCHECK_FAULTS", None)
    import torch  # noqa: F401

    from mpscheck.emulation import faults  # noqa: F401


def _fork(function: Callable, args: tuple, timeout: float) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(function, args))
    process.start()
    process.join(timeout)
    if not process.is_alive():
        return process.exitcode
    process.kill()
    process.join()
    return None


def _alone(function: Callable, args: tuple) -> None:
    """What each process does first: as a new one it listens to Ctrl-C, and draws a seed of its own."""
    import torch

    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)  # threads of small tensors only wait for each other
    torch.seed()
    function(*args)


@dataclass(frozen=True)
class Ended:
    """A program that has ended: its exit status, and what it printed."""

    status: int
    out: str
    err: str


def python(arguments: tuple[str, ...], *sick: Bug) -> Ended:
    """What `python FILE …` gives in the root, on an emulated device that is sick with these bugs."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        status = _healthy().run(_program, arguments, sick, out, err)
        return Ended(status, out.read_text("utf-8"), err.read_text("utf-8"))


@lru_cache
def _healthy() -> Server:
    server = Server("1")
    atexit.register(server.close)
    return server


def _program(arguments: tuple[str, ...], sick: tuple[Bug, ...], out: Path, err: Path) -> None:
    """Become that program; SystemExit passes through, and makes the exit status."""
    from mpscheck.emulation import faults

    for descriptor, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, descriptor)
        os.close(file)
    os.chdir(ROOT)
    sys.argv = list(arguments)
    with faults.only(*map(faults.of_bug, sick)):
        runpy.run_path(arguments[0], run_name="__main__")
