"""The processes of a sweep: the parent never touches the device, a process ends after some entries, a crash costs one case."""

from __future__ import annotations

import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpscheck.runs import results, stop
from mpscheck.runs.outcomes import died, hung
from mpscheck.runs.process import START_LIMIT, Died, Failed, Late, Process
from mpscheck.sweep import diagnosis, work

ENTRIES = 45  # of one process
TIMEOUT = 120.0  # seconds for an entry
DESCRIBED = 600.0  # seconds for a group
CRASHES = 6  # cases of one entry that may take the process with them


@dataclass
class Pool:
    """One warm process at a time on a device: after ENTRIES calls, and after one that ended it, a new one."""

    device: str
    _process: Process | None = None
    _calls: int = 0

    def call(self, function: Callable, *args, fresh: bool = False, limit: float = TIMEOUT) -> Any:
        """What a function gives in the process. Raises Died, Late, Failed."""
        if self._process is None or not self._process.alive or fresh or self._calls >= ENTRIES:
            self.close()
            self._process, self._calls = Process(_start, limit=START_LIMIT), 0
        self._calls += 1
        return self._process.call(function, *args, limit=limit)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _start() -> None:
    """How a worker begins: silent, one thread, with torch and its database of ops."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import torch

    torch.set_num_threads(1)
    work.names()


def swept(pool: Pool, name: str, seed: int, until: float) -> dict:
    """What `work.sweep` gives of an entry; where a case ends the process, that is its finding, and the others follow."""
    args, crashed = (name, pool.device, seed, until), []
    try:
        return pool.call(work.sweep, *args)
    except (Died, Late, Failed) as error:
        last = error
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "case")
        for _ in range(CRASHES):
            skipped = [one["case"] for one in crashed]
            try:
                found = pool.call(work.sweep, *args, str(trace), skipped, fresh=True)
                found["findings"] = crashed + found["findings"]
                found["wrong"] += len(crashed)
                return found
            except (Died, Late, Failed) as error:
                last = error
            if not trace.exists():
                break
            case = results.parse(trace.read_text("utf-8"))
            crashed.append({"case": case, "class": "crash", **_ended(last)})
            trace.unlink()
    return {
        "entry": name,
        "seconds": 0.0,
        "counts": {},
        "findings": crashed,
        "wrong": len(crashed),
        "given_up": words(last),
    }


def words(error: Exception) -> str:
    """How a call of a process ended, in words."""
    return str(error) if isinstance(error, Failed) else _ended(error)["said"]


def _ended(error: Exception) -> dict:
    found = died(error.code) if isinstance(error, Died) else hung(TIMEOUT)
    return {"verdict": found["outcome"], "said": found["reason"], "ratio": 0.0}


@dataclass
class Several:
    """Some pools that work at the same time, one thread each."""

    device: str
    processes: int
    spare: list[Pool] = field(default_factory=list)  # whose process is warm already
    _stopped: threading.Event = field(default_factory=threading.Event)

    def each(self, items: list, work_on: Callable[[Pool, Any], Any]) -> Iterator[Any]:
        """What `work_on` gives of each item, as it comes. Leaving early ends all processes."""
        waiting, done = queue.SimpleQueue(), queue.SimpleQueue()
        for item in items:
            waiting.put(item)

        def loop() -> None:
            with self.spare.pop() if self.spare else Pool(self.device) as pool:
                while not self._stopped.is_set():
                    try:
                        item = waiting.get_nowait()
                    except queue.Empty:
                        return
                    try:
                        done.put((True, work_on(pool, item)))
                    except BaseException as error:  # also Ctrl-C, which each thread sees
                        done.put((False, error))
                        return

        threads = [threading.Thread(target=loop, daemon=True) for _ in range(min(self.processes, max(1, len(items))))]
        for thread in threads:
            thread.start()
        try:
            for _ in items:
                fine, found = self._next(done)
                if not fine:
                    raise found
                yield found
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join(30)

    @staticmethod
    def _next(done: queue.SimpleQueue) -> tuple[bool, Any]:
        while True:
            try:
                return done.get(timeout=0.2)
            except queue.Empty:
                stop.check()


class NoDevice(Exception):
    """Torch cannot compute on the device; the message is its own."""


def names_of(pool: Pool) -> list[str]:
    """The names of all entries, as a worker has them. Raises NoDevice."""
    try:
        reason = pool.call(work.try_device, pool.device, limit=START_LIMIT)
        if reason is None:
            return pool.call(work.names, limit=START_LIMIT)
    except (Died, Late, Failed) as error:
        reason = words(error)
    raise NoDevice(reason)


def sweep(names: list[str], warm: Pool, seed: int, processes: int, until: float) -> Iterator[dict]:
    """All entries on the device of a pool, which is one of those that work: each as it is done. After `until` (of `time.time`) no entry is begun; those are not given."""

    def one(pool: Pool, name: str) -> dict | None:
        return swept(pool, name, seed, until) if time.time() < until else None

    for found in Several(warm.device, processes, [warm]).each(names, one):
        if found is not None:
            yield found


def diagnosed(entries: list[dict], device: str, seed: int, processes: int) -> Iterator[tuple[str, dict]]:
    """The wrong cases of each entry by the op that is wrong."""

    def one(pool: Pool, entry: dict) -> tuple[str, dict]:
        name, findings = entry["entry"], entry["findings"]
        try:
            return name, pool.call(diagnosis.ops_of, name, device, seed, findings)
        except (Died, Late, Failed):
            return name, {name.rpartition("/")[2].rpartition(".")[2]: findings}

    yield from Several(device, processes).each(entries, one)


def described(groups: list[dict], device: str, seed: int, processes: int) -> Iterator[dict]:
    """The groups, each with what was found out about it, alone in a fresh process."""

    def one(pool: Pool, group: dict) -> dict:
        cases = [finding["case"] for finding in group["findings"] if finding["class"] != "crash"]
        args = (group["op"], group["entries"], cases, device, seed)
        try:
            group |= pool.call(diagnosis.described, *args, fresh=True, limit=DESCRIBED)
        except (Died, Late, Failed) as error:
            group |= {"known": [], "near": [], "when": "", "unexplained": words(error)}
        return group

    yield from Several(device, processes).each(groups, one)
