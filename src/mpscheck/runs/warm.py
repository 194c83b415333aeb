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


class Server:
    """A process that waits and forks; `mode` is that of its emulated device (MPSCHECK_EMU). It must be closed."""

    def __init__(self, mode: str):
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, mode))
        self._process.start()
        there.close()

    def run(self, function: Callable, *args, timeout: float | None = None) -> int | None:
        """The exit status of a process that does this and nothing else; None if it was killed after `timeout` seconds.

        Interrupted (Ctrl-C), it ends the server.
        """
        try:
            self._here.send((function, args, timeout))
            return self._here.recv()
        except BaseException:
            self._process.kill()
            raise

    def close(self) -> None:
        self._here.close()
        self._process.join()


def _serve(requests, mode: str) -> None:
    """What the server does: it computes nothing, since a fork would lose the threads of that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["MPSCHECK_EMU"] = mode
    os.environ.pop("MPSCHECK_FAULTS", None)
    import torch  # noqa: F401

    from mpscheck.emulation import faults  # noqa: F401

    while True:
        try:
            function, args, timeout = requests.recv()
        except EOFError:
            return
        process = multiprocessing.get_context("fork").Process(target=_alone, args=(function, args))
        process.start()
        process.join(timeout)
        late = process.is_alive()
        if late:
            process.kill()
            process.join()
        requests.send(None if late else process.exitcode)


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
