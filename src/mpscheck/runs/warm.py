"""A Python file run as a reader runs it, `python FILE …` on the emulated device, without a wait for torch each time.

A server imports torch once, with the device, and forks: each file has a process of its own, as clean as a new one.
"""

import multiprocessing
import os
import runpy
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mpscheck.bugs.catalogue import Bug
from mpscheck.places import ROOT

PRELOADED = ["torch", "mpscheck.emulation.faults", "mpscheck.cli"]  # each process imports what we were started by: cli


@dataclass(frozen=True)
class Ended:
    """A program that has ended: its exit status, and what it printed."""

    status: int
    out: str
    err: str


def python(arguments: tuple[str, ...], *sick: Bug) -> Ended:
    """What `python ARGUMENTS…` gives in the root, the device sick with these bugs; a KeyboardInterrupt ends it too."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = server.Process(target=_main, args=(arguments, sick, str(out), str(err)))
        with _healthy_device():
            process.start()
        try:
            process.join()
        except BaseException:
            process.kill()
            process.join()
            raise
        return Ended(process.exitcode, *(path.read_text("utf-8") if path.exists() else "" for path in (out, err)))


@contextmanager
def _healthy_device():
    """What is started within the block has the healthy emulated device."""
    before = {name: os.environ.pop(name, None) for name in ("MPSCHECK_EMU", "MPSCHECK_FAULTS")}
    os.environ["MPSCHECK_EMU"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _main(arguments: tuple[str, ...], sick: tuple[Bug, ...], out: str, err: str) -> None:
    """Become that program; SystemExit passes through, and makes the exit status."""
    import torch

    from mpscheck.emulation import faults

    for descriptor, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
    os.chdir(ROOT)
    sys.argv = list(arguments)
    torch.set_num_threads(1)  # as a worker: threads of small tensors only wait for each other
    torch.seed()  # each start of a program draws one of its own
    with faults.only(*map(faults.of_bug, sick)):
        runpy.run_path(arguments[0], run_name="__main__")
