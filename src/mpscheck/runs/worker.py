"""What runs inside a worker process: one job at a time, stdout and stderr thrown away, memory watched."""

import os
import pickle
import signal
import threading
import time
from pathlib import Path

MEMORY_EXIT = 77  # exit code of a worker that grew beyond its limit
_before: list[str] = []  # slugs measured in this process so far


def start(memory_limit: int, emulated: str | None = None) -> None:
    """Initializer of a worker: import torch once, be silent, leave Ctrl-C to the parent, watch the memory (bytes).

    `emulated` is the mode of the emulated device, healthy at the start; None leaves that to the environment.
    """
    if emulated is not None:
        os.environ["MPSCHECK_EMU"] = emulated
        os.environ.pop("MPSCHECK_FAULTS", None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import torch

    torch.set_num_threads(1)
    threading.Thread(target=_watch_memory, args=(memory_limit,), daemon=True).start()


def _watch_memory(limit: int) -> None:
    import psutil

    process = psutil.Process()
    while process.memory_info().rss < limit:
        time.sleep(0.05)
    os._exit(MEMORY_EXIT)


def run_job(slug: str, path: str, names: tuple[str, ...], device: str, dtype: str, faults: tuple[str, ...]) -> dict:
    """Measure the functions of one snippet: the variable part of a record. Never raises."""
    before = list(_before)
    _before.append(slug)
    try:
        functions = _measure(path, names, device, dtype, faults)
        return {"outcome": "measured", "before": before, "functions": functions}
    except BaseException as error:
        return {"outcome": outcome_of(error), "reason": reason_of(error), "before": before, "functions": {}}


def run_alone(answer: Path, memory_limit: int, *args) -> None:
    """Measure in this process, which does nothing else, and leave what `run_job` gives in a file."""
    start(memory_limit)
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
    """`unsupported`, `memory` or `error`."""
    text = str(error).lower()
    if isinstance(error, NotImplementedError) or type(error).__name__ == "Unsupported":
        return "unsupported"
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return "memory"
    return "error"


def reason_of(error: BaseException) -> str:
    """One line, short: it is stored and shown."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]
