"""A process that makes one call after another. Whatever becomes of it, whoever waits for it gets an answer in time."""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from mpscheck.runs import stop

START_LIMIT = 180.0  # seconds for a process that imports torch, the first time from a slow disk
LOOK = 0.1  # seconds between two looks whether the process still lives and whether somebody said stop
_SPAWN = multiprocessing.get_context("spawn")


class Died(Exception):
    """The process ended without an answer; `code` is its exit code, negative for a signal."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


class Late(Exception):
    """No answer came in time; the process was ended."""


class Failed(Exception):
    """The call raised; the message says what."""


class Process:
    """A new process in a session of its own, which has called `start`. It must be ended.

    Limits are in seconds of a clock that nobody sets. Making one and `call` raise Died, Late, Failed.
    """

    def __init__(self, start: Callable, *args, limit: float):
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, start, args))
        # What it starts with it keeps: Ctrl-C is for the one who waits.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        # A thread of its own reads, since an answer that comes by half would keep the reader for ever.
        self._answers = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self._pipe, self._answers), daemon=True).start()
        self._answer(limit)

    @property
    def alive(self) -> bool:
        """Whether it can be called."""
        return self._process.exitcode is None

    def call(self, function: Callable, *args, limit: float) -> Any:
        """What the function gives in that process."""
        try:
            self._pipe.send((function, args))
        except OSError:  # it died meanwhile
            raise Died(self.end()) from None
        return self._answer(limit)

    def _answer(self, limit: float) -> Any:
        until = time.monotonic() + limit
        try:
            while True:
                ended = not self.alive  # asked first: what was said before the end counts
                try:
                    done, value = self._answers.get(timeout=max(0.0, min(LOOK, until - time.monotonic())))
                    break
                except queue.Empty:
                    stop.check()
                if ended:
                    raise Died(self.end())
                if time.monotonic() >= until:
                    raise Late
        except BaseException:
            self.end()
            raise
        if not done:
            raise Failed(value)
        return value

    def end(self) -> int:
        """Kill it and all that it started, at once: it has nothing to say any more, and its teardown could hang."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # it has no group yet, or none any more
            self._process.kill()
        self._process.join(10)
        return -signal.SIGKILL if self._process.exitcode is None else self._process.exitcode


def _read(pipe, answers: queue.SimpleQueue) -> None:
    try:
        while True:
            answers.put(pipe.recv())
    except (EOFError, OSError):
        pipe.close()


def _serve(pipe, start: Callable, args: tuple) -> None:
    """What the process does."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _reply(pipe, start, args)
    while True:
        try:
            function, args = pipe.recv()
        except EOFError:  # nobody waits any more
            os._exit(0)
        _reply(pipe, function, args)


def _reply(pipe, function: Callable, args: tuple) -> None:
    try:
        answer = (True, function(*args))
    except BaseException as error:
        answer = (False, f"{type(error).__name__}: {error}")
    pipe.send(answer)
