"""Running snippets in worker processes, so that a crash, a hang or a flood costs one record and never the run."""

import math
import multiprocessing
import pickle
import signal
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path

import psutil
from pebble import ProcessExpired, ProcessPool

from mpscheck.bugs.bug import Bug
from mpscheck.runs import results, warm, worker
from mpscheck.runs.stderr import LONGEST, Stderr

TIMEOUT = 120.0  # seconds for one snippet
MEMORY_LIMIT = 6 * 2**30  # bytes of resident memory of one worker


@dataclass(frozen=True)
class Job:
    """One snippet to be measured in one dtype; on the emulated device perhaps with faults (slugs)."""

    bug: Bug
    faults: tuple[str, ...] = ()
    dtype: str = "float32"

    @property
    def key(self) -> tuple:
        return (self.bug.slug, self.bug.check.code_hash, self.dtype, self.faults)


def jobs_of(bug: Bug, faults: tuple[str, ...] = ()) -> list[Job]:
    """One job for each dtype that a check is about."""
    return [Job(bug, faults, dtype) for dtype in bug.check.dtypes]


def key_of(record: dict) -> tuple:
    """What makes a record of the same environment reusable: snippet, code, dtype, faults."""
    return (record["snippet"], record["code"], record["dtype"], tuple(record.get("faults", ())))


def run(
    jobs: Iterable[Job],
    device: str,
    timeout: float = TIMEOUT,
    memory_limit: int = MEMORY_LIMIT,
    on_record: Callable[[dict], None] = lambda record: None,
) -> list[dict]:
    """Measure the jobs one after the other in one warm worker (one only, since a GPU is shared).

    Snippets whose functions must run apart get a new process for each. `on_record` is called with each record as it comes.
    A KeyboardInterrupt ends the workers and passes through.
    """
    records = []
    with Worker(device, timeout, memory_limit) as one:
        for job in sorted(jobs, key=lambda job: job.bug.apart):  # those last, when the warm worker has no more to do
            records.append(one.measure(job))
            on_record(records[-1])
    return records


class Worker:
    """One worker process, warm from the first job on; `emulated` is the mode of its emulated device (MPSCHECK_EMU).

    A snippet whose functions must run apart (`Bug.apart`) gets a new process for each. Leaving the block by an exception (Ctrl-C) ends the
    process at once.
    """

    def __init__(
        self,
        device: str,
        timeout: float = TIMEOUT,
        memory_limit: int = MEMORY_LIMIT,
        emulated: str | None = None,
    ):
        self._device, self._timeout = device, timeout
        self._memory_limit, self._emulated = memory_limit, emulated
        self._server: warm.Server | None = None  # of new processes on the emulated device, once one is needed
        self._folder = tempfile.TemporaryDirectory()
        self._stderr = Stderr(Path(self._folder.name, "stderr"))
        self._pool = ProcessPool(
            max_workers=1,
            context=multiprocessing.get_context("spawn"),
            initializer=worker.start,
            initargs=(memory_limit, str(self._stderr.path), emulated),
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()
        if self._server:
            self._server.close()
        self._folder.cleanup()

    def measure(self, job: Job) -> dict:
        """The record of a job, whatever happens to it."""
        if lacking := lacking_memory(job.bug.check.memory):
            return _record(job, [_failed("not-run", lacking)])
        result = self._apart(job) if job.bug.apart else self._attempt(job, job.bug.check.functions)
        return _record(job, [result])

    def matches(self, bug: Bug) -> dict[str, int]:
        """How many calls of each function the trigger matches on the emulated device (see `selftest`)."""
        args = (str(bug.check.path), bug.triggers, bug.check.functions, bug.check.dtypes)
        return self._pool.schedule(selftest_job, args=args, timeout=TIMEOUT).result()

    def _attempt(self, job: Job, names: tuple[str, ...]) -> dict:
        """One attempt at a job, with what was written to stderr meanwhile."""
        future = self._pool.schedule(worker.run_job, args=self._arguments(job, names), timeout=self._timeout)
        try:
            found = future.result()
        except FutureTimeout:
            found = _hung(self._timeout)
        except ProcessExpired as error:
            found = _died(error.exitcode)
        return self._stderr.completed(found)

    def _arguments(self, job: Job, names: tuple[str, ...]) -> tuple:
        return (job.bug.slug, str(Path(job.bug.check.path).resolve()), names, self._device, job.dtype, job.faults)

    def _apart(self, job: Job) -> dict:
        """Each function in a new process; how the first that failed did is how the attempt ended."""
        result, written = {"outcome": "measured", "before": [], "functions": {}}, []
        for name in job.bug.check.functions:
            one = self._attempt_anew(job, (name,))
            if one["outcome"] != "measured" and result["outcome"] == "measured":
                reason = one["reason"] if name == "compute" else f"{name}: {one['reason'].removeprefix(f'{name}: ')}"
                result |= {"outcome": one["outcome"], "reason": reason}
            result["functions"] |= one["functions"]
            written += [one["stderr"]] if "stderr" in one else []
        return result | ({"stderr": "\n".join(written)[-LONGEST:]} if written else {})

    def _attempt_anew(self, job: Job, names: tuple[str, ...]) -> dict:
        """An attempt in a new process: a fork where the device is emulated, which has no wait for torch."""
        limit = max(self._memory_limit, int(job.bug.check.memory * 2**30))
        if self._emulated is None:
            with Worker(self._device, self._timeout, limit) as other:
                return other._attempt(job, names)
        self._server = self._server or warm.Server(self._emulated)
        with tempfile.TemporaryDirectory() as folder:
            answer, stderr = Path(folder, "answer"), Stderr(Path(folder, "stderr"))
            args = (answer, limit, str(stderr.path), *self._arguments(job, names))
            status = self._server.run(worker.run_alone, *args, timeout=self._timeout)
            if status == 0 and answer.exists():
                found = pickle.loads(answer.read_bytes())
            else:
                found = _hung(self._timeout) if status is None else _died(status)
            return stderr.completed(found)


def selftest_job(path: str, triggers: tuple, names: tuple[str, ...], dtypes: tuple[str, ...]) -> dict[str, int]:
    """`selftest.matches` in a worker, which has torch."""
    from mpscheck.runs.selftest import matches as count

    return count(path, triggers, names, dtypes=dtypes)


def lacking_memory(needed: float) -> str | None:
    """Why this machine cannot run what needs so many GiB; None if it can."""
    free = psutil.virtual_memory().available / 2**30
    return None if free >= needed else f"needs {needed:g} GiB, {math.floor(10 * free) / 10:g} are free"


def _hung(timeout: float) -> dict:
    return _failed("hang", f"no answer within {timeout:g} seconds")


def _died(code: int) -> dict:
    if code == worker.MEMORY_EXIT:
        return _failed("memory", "the process grew beyond its memory limit")
    return _failed("crash", f"the process ended: {exit_words(code)}")


def _failed(outcome: str, reason: str) -> dict:
    return {"outcome": outcome, "reason": reason, "before": [], "functions": {}}


def exit_words(code: int) -> str:
    """An exit code in words: `killed by SIGSEGV`, `exit code 5`."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"


def _record(job: Job, attempts: list[dict]) -> dict:
    """The record of a job; numbers that no run file may hold cost this record, not the whole file."""
    known = {"snippet": job.bug.slug, "code": job.bug.check.code_hash, "dtype": job.dtype}
    known |= {"faults": list(job.faults)} if job.faults else {}
    try:
        return results.check(known | {"attempts": attempts}, "what was measured", "record")
    except results.BadResults as error:
        return known | {"attempts": [_failed("error", str(error))]}
