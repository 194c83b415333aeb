"""Running snippets in worker processes, so that a crash, a hang or a flood costs one record and never the run."""

import multiprocessing
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from mpscheck.bugs.catalogue import Bug
from mpscheck.runs import results, worker

TIMEOUT = 120.0  # seconds for one snippet
MEMORY_LIMIT = 6 * 2**30  # bytes of resident memory of one worker


@dataclass(frozen=True)
class Job:
    """One snippet to be measured; on the emulated device perhaps with faults (slugs)."""

    bug: Bug
    faults: tuple[str, ...] = ()

    @property
    def key(self) -> tuple:
        return (self.bug.slug, self.bug.code_hash, self.faults)


def key_of(record: dict) -> tuple:
    """What makes a record of the same environment reusable: snippet, code, faults."""
    return (record["snippet"], record["code"], tuple(record.get("faults", ())))


def run(
    jobs: Iterable[Job],
    device: str,
    dtype: str = "float32",
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
    pool = _pool(memory_limit)
    try:
        for job in ordinary:
            records.append(_record(job, dtype, _attempt(pool, job, job.bug.functions, device, dtype, timeout)))
            on_record(records[-1])
    except BaseException:
        pool.stop()
        pool.join()
        raise
    pool.close()
    pool.join()
    for job in stateful:
        records.append(_record(job, dtype, _fresh(job, device, dtype, timeout, memory_limit)))
        on_record(records[-1])
    return records


def matches(bugs: Iterable[Bug], on_done: Callable[[str], None] = lambda slug: None) -> dict[str, dict[str, int]]:
    """For each bug and function, how many calls on the emulated device its trigger matches (see `selftest`)."""
    found = {}
    with _pool(MEMORY_LIMIT) as pool:
        for bug in bugs:
            args = (str(bug.path), bug.triggers, bug.functions)
            found[bug.slug] = pool.schedule(selftest_job, args=args, timeout=TIMEOUT).result()
            on_done(bug.slug)
    return found


def selftest_job(path: str, triggers: tuple, names: tuple[str, ...]) -> dict[str, int]:
    """`selftest.matches` in a worker, which has torch."""
    from mpscheck.runs.selftest import matches as count

    return count(path, triggers, names)


def _pool(memory_limit: int) -> ProcessPool:
    return ProcessPool(
        max_workers=1,
        context=multiprocessing.get_context("spawn"),
        initializer=worker.start,
        initargs=(memory_limit,),
    )


def _attempt(pool: ProcessPool, job: Job, names: tuple[str, ...], device: str, dtype: str, timeout: float) -> dict:
    path = str(Path(job.bug.path).resolve())
    future = pool.schedule(worker.run_job, args=(job.bug.slug, path, names, device, dtype, job.faults), timeout=timeout)
    try:
        return future.result()
    except FutureTimeout:
        return _failed("hang", f"no answer within {timeout:g} seconds")
    except ProcessExpired as error:
        if error.exitcode == worker.MEMORY_EXIT:
            return _failed("memory", "the process grew beyond its memory limit")
        return _failed("crash", f"the process ended: {exit_words(error.exitcode)}")


def _fresh(job: Job, device: str, dtype: str, timeout: float, memory_limit: int) -> dict:
    result = {"outcome": "measured", "before": [], "functions": {}}
    for name in job.bug.functions:
        pool = _pool(memory_limit)
        try:
            one = _attempt(pool, job, (name,), device, dtype, timeout)
        finally:
            pool.stop()
            pool.join()
        if one["outcome"] != "measured":
            return one
        result["functions"] |= one["functions"]
    return result


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


def _record(job: Job, dtype: str, result: dict) -> dict:
    """The record of a job; numbers that no run file may hold cost this record, not the whole file."""
    known = {"snippet": job.bug.slug, "code": job.bug.code_hash, "dtype": dtype}
    known |= {"faults": list(job.faults)} if job.faults else {}
    try:
        return results.check(known | result, "what was measured", "record")
    except results.BadResults as error:
        return known | _failed("error", str(error))
