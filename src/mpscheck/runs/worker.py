"""What runs inside a worker process: one job at a time, stdout thrown away, stderr kept, memory watched."""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mpscheck.runs import stderr
from mpscheck.runs.outcomes import MEMORY_EXIT

_at_work = False  # between jobs the parent reads what was written to stderr, and nothing may be left out of that
_turn = threading.Lock()


def start(memory_limit: int, stderr_file: str, emulated: str | None = None) -> None:
    """How a worker begins: import torch once, be silent, watch the memory (bytes), and end with the parent.

    `emulated` is the mode of the emulated device, healthy at the start; None leaves that to the environment.
    """
    if emulated is not None:
        os.environ["MPSCHECK_EMU"] = emulated
        os.environ.pop("MPSCHECK_FAULTS", None)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    stderr.redirect(stderr_file)
    import torch

    torch.set_num_threads(1)
    threading.Thread(target=_watch, args=(memory_limit, stderr_file), daemon=True).start()


def _watch(limit: int, stderr_file: str) -> None:
    import psutil

    process, parent = psutil.Process(), os.getppid()
    while process.memory_info().rss < limit and os.getppid() == parent:
        with _turn:
            if _at_work:
                stderr.keep_small(stderr_file)
        time.sleep(0.05)
    os._exit(MEMORY_EXIT)


def try_device(device: str) -> dict:
    """Whether torch can compute on a device: an attempt, whose reason is what torch says where it cannot."""

    def computed():
        import torch

        torch.ones(1, device=device).add(1).cpu()
        return {}, {}

    return attempt(computed)


def run_job(
    slug: str,
    path: str,
    names: tuple[str, ...],
    device: str,
    dtype: str,
    faults: tuple[str, ...],
    seed: int | None = None,
) -> dict:
    """Measure the functions of one snippet: an attempt, without what it wrote to stderr. Never raises.

    Random numbers are what they are on the device, but where a seed is given.
    """

    def measuring():
        if seed is not None:
            import torch

            torch.manual_seed(seed)
        return _measure(path, names, device, dtype, faults)

    return attempt(measuring)


def attempt(measuring: Callable[[], tuple[dict, dict]]) -> dict:
    """An attempt from what `measure` gives, or raises; who called knows what ran before. Never raises."""
    _work(True)
    try:
        functions, errors = measuring()
    except BaseException as error:
        functions, errors = {}, {"compute": error}
    finally:
        _work(False)
    for name, error in errors.items():  # the first decides
        reason = reason_of(error) if name == "compute" else f"{name}: {reason_of(error)}"
        return {"outcome": outcome_of(error), "reason": reason, "before": [], "functions": functions}
    return {"outcome": "measured", "before": [], "functions": functions}


def _work(begun: bool) -> None:
    global _at_work
    with _turn:
        _at_work = begun


def run_alone(answer: Path, memory_limit: int, stderr_file: str, *args) -> None:
    """Measure in this process, which does nothing else, and leave what `run_job` gives in a file."""
    start(memory_limit, stderr_file)
    answer.write_bytes(pickle.dumps(run_job(*args)))


def _measure(path, names, device, dtype, faults):
    from mpscheck.runs.measure import measure

    if not faults:
        return measure(path, names, device, dtype)
    from mpscheck.bugs.catalogue import find, read
    from mpscheck.emulation import faults as sick

    with sick.only(*[sick.of_bug(read(Path(path)) if slug == Path(path).stem else find(slug)) for slug in faults]):
        return measure(path, names, device, dtype)


def outcome_of(error: BaseException) -> str:
    """`unsupported`, `memory`, `error`, or `unfit` where it was not the device that failed."""
    text = str(error).lower()
    if type(error).__name__ == "NoReference":
        return "unfit"
    if isinstance(error, NotImplementedError) or type(error).__name__ == "Unsupported":
        return "unsupported"
    if (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "out of memory" in text
        or "can't allocate memory" in text
    ):
        return "memory"
    return "error"


def reason_of(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    return stderr.one_line(f"{type(error).__name__}: {str(error).strip()}")
