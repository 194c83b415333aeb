"""A worker process that is kept: a call in it is an attempt, whatever happens, and a new process takes a dead one's place."""

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mpscheck.runs import worker
from mpscheck.runs.outcomes import TOO_LATE, died, exit_words, failed, hung, no_answer
from mpscheck.runs.process import START_LIMIT, Died, Failed, Late, Process
from mpscheck.runs.stderr import Stderr, one_line

BEFORE = 8  # so many of those before are told: each of them tells of those before it
STARTS = 2  # tries to start a process; where they fail no other is made


class Keeper:
    """The process, which `worker.start` begins with these arguments. `before` says what was done in it, for attempts."""

    def __init__(self, memory_limit: int, emulated: str | None):
        self._memory_limit, self._emulated = memory_limit, emulated
        self._process: Process | None = None
        self.before: list[str] = []
        self._no_start = ""  # why no process can be started, once that is known
        self._folder = tempfile.TemporaryDirectory()
        self._stderr = Stderr(Path(self._folder.name, "0"))

    def close(self) -> None:
        """End the process; no other can be made."""
        self.drop()
        self._folder.cleanup()

    @property
    def alive(self) -> bool:
        """Whether the next call is made in the process of the last one."""
        return self._process is not None and self._process.alive

    def drop(self) -> None:
        """End the process; the next one has an stderr of its own, into which the old one's children cannot write."""
        if self._process:
            self._process.end()
        self._process, self.before = None, []
        self._stderr = Stderr(self._stderr.path.with_name(f"{int(self._stderr.path.name) + 1}"))

    def call(self, function: Callable, *args, timeout: float, until: float = math.inf) -> dict:
        """The attempt that a function gives, or one that says how the call ended; with what was written to stderr.

        `until` is when no time is left for it, by `time.monotonic`.
        """
        if problem := self._start(until):
            found = failed("not-run", problem)
        else:
            self._stderr.skip()  # what came after the last call
            limit = min(timeout, until - time.monotonic())
            try:
                found = self._process.call(function, *args, limit=limit)
            except Late:
                found = failed("not-run", TOO_LATE) if limit < timeout else hung(timeout)
            except Died as error:
                found = died(error.code)
            except Failed as error:
                found = failed("error", one_line(error))
        return self._stderr.completed(found) | {"before": self.before[-BEFORE:]}

    def result(self, function: Callable, *args, timeout: float) -> Any:
        """What a function gives that is no attempt. Raises Died, Late, Failed."""
        if problem := self._start(math.inf):
            raise Failed(problem)
        return self._process.call(function, *args, limit=timeout)

    def _start(self, until: float) -> str:
        """Have a process that lives; empty, or why there is none."""
        if self.alive:
            return ""
        self.drop()
        for _ in range(0 if self._no_start else STARTS):
            limit = min(START_LIMIT, until - time.monotonic())
            if limit <= 0:
                return TOO_LATE
            try:
                args = (self._memory_limit, str(self._stderr.path), self._emulated)
                self._process = Process(worker.start, *args, limit=limit)
                return ""
            except Late:
                if limit < START_LIMIT:
                    return TOO_LATE
                reason = no_answer(limit)
            except Died as error:
                reason = exit_words(error.code)
            except Failed as error:
                reason = one_line(error)
        self._no_start = self._no_start or f"no worker could be started: {reason}"
        return self._no_start
