"""Running snippets in worker processes, so that a crash, a hang or a flood costs one record and never the run."""

import multiprocessing
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from mpscheck.bugs.catalogue import Bug
from mpscheck.runs import results, worker
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
        return (self.bug.slug, self.bug.code_hash, self.dtype, self.faults)


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

    Snippets marked `fresh` get a new process for each function. `on_record` is called with each record as it comes.
    A KeyboardInterrupt ends the workers and passes through.
    """
    records = []
    ordinary = [job for job in jobs if not job.bug.fresh]
    stateful = [job for job in jobs if job.bug.fresh]
    with _workers(memory_limit) as workers:
        for job in ordinary:
            records.append(_record(job, [_attempt(workers, job, job.bug.functions, device, timeout)]))
            on_record(records[-1])
    for job in stateful:
        records.append(_record(job, [_fresh(job, device, timeout, memory_limit)]))
        on_record(records[-1])
    return records


def matches(bugs: Iterable[Bug], on_done: Callable[[str], None] = lambda slug: None) -> dict[str, dict[str, int]]:
    """For each bug and function, how many calls on the emulated device its trigger matches (see `selftest`)."""
    found = {}
    with _workers(MEMORY_LIMIT) as workers:
        for bug in bugs:
            args = (str(bug.path), bug.triggers, bug.functions)
            found[bug.slug] = workers.pool.schedule(selftest_job, args=args, timeout=TIMEOUT).result()
            on_done(bug.slug)
    return found


def selftest_job(path: str, triggers: tuple, names: tuple[str, ...]) -> dict[str, int]:
    """`selftest.matches` in a worker, which has torch."""
    from mpscheck.runs.selftest import matches as count

    return count(path, triggers, names)


@dataclass(frozen=True)
class Workers:
    """A pool of one process, and what it writes to stderr."""

    pool: ProcessPool
    stderr: Stderr


@contextmanager
def _workers(memory_limit: int) -> Iterator[Workers]:
    """One worker process; what it is doing when the block ends otherwise than well is stopped."""
    with tempfile.TemporaryDirectory() as folder:
        stderr = Stderr(Path(folder) / "stderr")
        pool = ProcessPool(
            max_workers=1,
            context=multiprocessing.get_context("spawn"),
            initializer=worker.start,
            initargs=(memory_limit, str(stderr.path)),
        )
        try:
            yield Workers(pool, stderr)
        except BaseException:
            pool.stop()
            pool.join()
            raise
        pool.close()
        pool.join()


def _attempt(workers: Workers, job: Job, names: tuple[str, ...], device: str, timeout: float) -> dict:
    """One attempt at a job, with what was written to stderr meanwhile."""
    path = str(Path(job.bug.path).resolve())
    args = (job.bug.slug, path, names, device, job.dtype, job.faults)
    future = workers.pool.schedule(worker.run_job, args=args, timeout=timeout)
    try:
        found = future.result()
    except FutureTimeout:
        found = _failed("hang", f"no answer within {timeout:g} seconds")
    except ProcessExpired as error:
        if error.exitcode == worker.MEMORY_EXIT:
            found = _failed("memory", "the process grew beyond its memory limit")
        else:
            found = _failed("crash", f"the process ended: {exit_words(error.exitcode)}")
    written = workers.stderr.since_last()
    return found | ({"stderr": written} if written else {})


def _fresh(job: Job, device: str, timeout: float, memory_limit: int) -> dict:
    """One attempt in which each function has a process of its own."""
    result, written = {"outcome": "measured", "before": [], "functions": {}}, []
    for name in job.bug.functions:
        with _workers(memory_limit) as workers:
            one = _attempt(workers, job, (name,), device, timeout)
        if one["outcome"] != "measured":
            return one
        result["functions"] |= one["functions"]
        written += [one["stderr"]] if "stderr" in one else []
    return result | ({"stderr": "\n".join(written)[-LONGEST:]} if written else {})


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
    known = {"snippet": job.bug.slug, "code": job.bug.code_hash, "dtype": job.dtype}
    known |= {"faults": list(job.faults)} if job.faults else {}
    try:
        return results.check(known | {"attempts": attempts}, "what was measured", "record")
    except results.BadResults as error:
        return known | {"attempts": [_failed("error", str(error))]}
