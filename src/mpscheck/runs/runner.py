"""Running snippets in worker processes, so that a crash, a hang or a flood costs one record and never the run.

One process measures many snippets, since torch takes seconds to start. What may be the doing of an earlier one is tried
again in a fresh process, and both attempts are kept: each says what ran `before` it where it ran.
"""

import math
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from mpscheck.bugs.bug import Bug
from mpscheck.runs import fitness, numerics, results, stop, warm, worker
from mpscheck.runs.keeper import Keeper
from mpscheck.runs.outcomes import ENDED, died, failed, hung
from mpscheck.runs.process import Died, Late
from mpscheck.runs.stderr import LONGEST, Stderr

TIMEOUT = 120.0  # seconds for one snippet
MEMORY_LIMIT = 6 * 2**30  # bytes of resident memory of one worker
CANARY_TIMEOUT = 60.0  # seconds for one canary
CANARIES_EVERY = 10  # records


@dataclass(frozen=True)
class Job:
    """One snippet to be measured in one dtype; on the emulated device perhaps with faults (slugs), and from a seed."""

    bug: Bug
    faults: tuple[str, ...] = ()
    dtype: str = "float32"
    seed: int | None = None

    @property
    def key(self) -> tuple:
        return (self.bug.slug, self.bug.check.code_hash, self.dtype, self.faults)


def jobs_of(bug: Bug, faults: tuple[str, ...] = ()) -> list[Job]:
    """One job for each dtype that a check is about."""
    return [Job(bug, faults, dtype) for dtype in bug.check.dtypes]


def key_of(record: dict) -> tuple:
    """What makes a record of the same environment reusable: snippet, code, dtype, faults."""
    return (record["snippet"], record["code"], record["dtype"], tuple(record.get("faults", ())))


def run(jobs: Iterable[Job], device: str, **options) -> Iterator[dict]:
    """`Worker.run` with a worker of its own, which gets the options."""
    with Worker(device, **options) as one:
        yield from one.run(jobs)


class Worker:
    """One worker process, warm from the first job on; a new one takes its place when it ends, or a fresh one is wanted.

    `emulated` is the mode of its emulated device (MPSCHECK_EMU); `known_good` are the names of the canaries that it makes.
    What is not done when `until` comes, by `time.monotonic`, is `not-run`. A snippet whose functions must run apart
    (`Bug.apart`) gets a new process for each. Leaving the block ends the processes at once.
    """

    def __init__(
        self,
        device: str,
        timeout: float = TIMEOUT,
        memory_limit: int = MEMORY_LIMIT,
        emulated: str | None = None,
        until: float = math.inf,
        known_good: tuple[str, ...] = (),
    ):
        self._device, self._timeout, self._until = device, timeout, until
        self._memory_limit, self._emulated, self._known_good = memory_limit, emulated, known_good
        self._good: list[str] = []  # canaries that were right on this machine
        self._kept = Keeper(memory_limit, emulated)
        self._server: warm.Server | None = None  # of new processes on the emulated device, once one is needed

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self._kept.close()
        if self._server:
            self._server.close()

    def run(
        self, jobs: Iterable[Job], surprises: Callable[[dict], bool] = lambda record: False, kept: int = 0
    ) -> Iterator[dict]:
        """Measure the jobs one after the other (a GPU is shared): the record of each, and canaries between them.

        `kept` records are there already.
        """
        yield from self.canaries(kept)
        looked = 0
        ordered = sorted(jobs, key=lambda job: job.bug.apart)  # those last, when the warm process has no more to do
        for done, job in enumerate(ordered, 1):
            record = self.measure(job, surprises)
            yield record
            stop.check()
            if done == len(ordered) or len(record["attempts"]) > 1 or done - looked == CANARIES_EVERY:
                yield from self.canaries(kept + done)
                looked = done

    def measure(self, job: Job, surprises: Callable[[dict], bool] = lambda record: False) -> dict:
        """The record of a job, whatever happens to it: tried again in a fresh process where it surprises.

        So is what may be the doing of others in the same process: they ended it, or left it so that canaries fail.
        """
        if lacking := lacking_memory(job.bug.check.memory):
            return _record(job, [failed("not-run", lacking)])
        first = self._attempt(job)
        if broken := self._broken_before(first):
            reason = f"a call that is known to be right failed in this process too: {broken}"[:300]
            first |= {"outcome": "unfit", "reason": reason, "functions": {}}
        others = broken or (first["before"] and first["outcome"] in ENDED)
        if not others and not surprises(_record(job, [first])):
            return _record(job, [first])
        self._kept.drop()
        second = self._attempt(job)
        attempts = [first] if second["outcome"] == "not-run" else [first, second]
        if surprises(_record(job, attempts[-1:])):
            self._kept.drop()  # it may leave something behind
        return _record(job, attempts)

    def _broken_before(self, attempt: dict) -> str | None:
        """Which canary fails now in the process of an attempt that is not right, if others were measured there."""
        if not (attempt["before"] and self._kept.alive) or numerics.verdict_of_attempt(attempt, "compute") == "agrees":
            return None
        return self._failing(self._canaries())

    def canaries(self, after: int) -> list[dict]:
        """Calls that are known to be right, as a run file holds them, made after so many records.

        Where one fails in a process that has measured, a fresh one says whether that is the machine.
        """
        found = self._canaries()
        if self._kept.before and self._failing(found):
            self._kept.drop()
            found = self._canaries()
        self._good = [name for name, attempt in found.items() if not fitness.how_failed(attempt)]
        return [{"name": name, "after": after, "attempt": attempt} for name, attempt in found.items()]

    def _failing(self, found: dict[str, dict]) -> str | None:
        """The first canary that was right when somebody last looked at the machine, and how it fails now."""
        reasons = {name: fitness.how_failed(found[name]) for name in self._good}
        return next((f"{name} ({reason})" for name, reason in reasons.items() if reason), None)

    def matches(self, bug: Bug) -> dict[str, int]:
        """How many calls of each function the trigger matches on the emulated device (see `selftest`)."""
        args = (str(bug.check.path), bug.triggers, bug.check.functions, bug.check.dtypes)
        return self._kept.result(selftest_job, *args, timeout=TIMEOUT)

    def lacking_device(self) -> str | None:
        """Why torch cannot compute on the device, in its own words; None where it can."""
        return self._kept.call(worker.try_device, self._device, timeout=self._timeout).get("reason")

    def _canaries(self) -> dict[str, dict]:
        """An attempt at each canary, whatever the time; none after one that hangs."""
        found = {}
        for name in self._known_good:
            if any(attempt["outcome"] == "hang" for attempt in found.values()):
                found[name] = failed("not-run", "another canary gave no answer")
            else:
                found[name] = self._kept.call(canary_job, self._device, name, timeout=CANARY_TIMEOUT)
        return found

    def _attempt(self, job: Job) -> dict:
        return self._apart(job) if job.bug.apart else self._attempt_here(job, job.bug.check.functions)

    def _attempt_here(self, job: Job, names: tuple[str, ...]) -> dict:
        """One attempt in the warm process."""
        args = self._arguments(job, names)
        found = self._kept.call(worker.run_job, *args, timeout=self._timeout, until=self._until)
        self._kept.before.append(job.bug.slug)
        return found

    def _arguments(self, job: Job, names: tuple[str, ...]) -> tuple:
        return (
            job.bug.slug,
            str(Path(job.bug.check.path).resolve()),
            names,
            self._device,
            job.dtype,
            job.faults,
            job.seed,
        )

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
            with Worker(self._device, self._timeout, limit, until=self._until) as other:
                return other._attempt_here(job, names)
        with tempfile.TemporaryDirectory() as folder:
            answer, stderr = Path(folder, "answer"), Stderr(Path(folder, "stderr"))
            args = (answer, limit, str(stderr.path), *self._arguments(job, names))
            try:
                self._server = self._server or warm.Server(self._emulated)
                status = self._server.run(worker.run_alone, *args, timeout=self._timeout)
            except (Died, Late) as error:  # the server itself
                self._server, status = None, getattr(error, "code", None)
            if status == 0 and answer.exists():
                found = pickle.loads(answer.read_bytes())
            else:
                found = hung(self._timeout) if status is None else died(status)
            return stderr.completed(found)


def canary_job(device: str, name: str) -> dict:
    """One canary in a worker, which has torch: an attempt."""
    from mpscheck.runs.canaries import run_canaries

    [canary] = run_canaries(device, (name,))
    return canary["attempt"]


def selftest_job(path: str, triggers: tuple, names: tuple[str, ...], dtypes: tuple[str, ...]) -> dict[str, int]:
    """`selftest.matches` in a worker, which has torch."""
    from mpscheck.runs.selftest import matches as count

    return count(path, triggers, names, dtypes=dtypes)


def lacking_memory(needed: float) -> str | None:
    """Why this machine cannot run what needs so many GiB; None if it can."""
    free = psutil.virtual_memory().available / 2**30
    return None if free >= needed else f"needs {needed:g} GiB, {math.floor(10 * free) / 10:g} are free"


def _record(job: Job, attempts: list[dict]) -> dict:
    """The record of a job; numbers that no run file may hold cost this record, not the whole file."""
    known = {"snippet": job.bug.slug, "code": job.bug.check.code_hash, "dtype": job.dtype}
    known |= {"faults": list(job.faults)} if job.faults else {}
    try:
        return results.check(known | {"attempts": attempts}, "what was measured", "record")
    except results.BadResults as error:
        return known | {"attempts": [failed("error", str(error))]}
