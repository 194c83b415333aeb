"""Run files one after the other, each with its records cut down to what pages need: memory for 1,000 runs of 400 records.

A slim run is the run itself with a `Record` in the place of each record, whose verdicts are derived while the numbers are
at hand. What only the page of one run shows (stderr, numbers of each attempt) stays in the file: `results.read`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from sys import intern

from mpscheck.runs import numerics, results, rule

FUNCTIONS = ("compute", "control", "workaround")


@dataclass(frozen=True, slots=True)
class First:
    """The first wrong value of an output: where, and what stands there; values as the run file has them."""

    index: tuple[int, ...]
    device: float | str | bool | list
    cpu: float | str | bool | list
    exact: float | str | bool | list


@dataclass(frozen=True, slots=True)
class Output:
    """What is told of an output against the CPU and the reference: of several the worst."""

    place: int  # among the outputs, from 1
    of: int
    ratio: float  # the error ratio; infinity where an exact comparison fails, and for another shape or dtype
    other_shape: bool  # or another dtype than the CPU's
    misplaced: bool  # NaN or infinity out of place
    wrong: int  # so many of the elements
    elements: int
    first_wrong: First | None
    repeats: int
    wrong_runs: int | None  # of the repeats, where a check is of something rare


@dataclass(frozen=True, slots=True)
class Sample:
    """What is told of a random sample."""

    p_value: float
    false_alarm: float


@dataclass(frozen=True, slots=True)
class Record:
    """One snippet in one dtype, in one run. `outcome`, `reason`, `functions` and `figures` are of the attempt that decides."""

    snippet: str
    code: str
    dtype: str
    faults: tuple[str, ...]
    verdicts: tuple[tuple[str, ...], ...]  # by FUNCTIONS: one an attempt
    outcome: str
    reason: str | None  # may be a stranger's
    functions: tuple[str, ...]  # those that have numbers
    figures: Output | Sample | None  # of compute

    def verdict(self, function: str = "compute") -> str:
        """The verdict on one of the functions, as `numerics.verdict` gives it."""
        return numerics.of_attempts(self.of_attempts(function))

    def of_attempts(self, function: str = "compute") -> tuple[str, ...]:
        """The verdict of each attempt on one of the functions."""
        return self.verdicts[FUNCTIONS.index(function)]

    def finding(self, kind: str) -> str:
        """What it finds of a bug of this kind, as `numerics.finding` gives it."""
        return numerics.shown(self.verdict(), self.verdict("control"), kind)


def read(folder: Path, names: str = "*.json", schema: Path = results.SCHEMA) -> Iterator[tuple[str, dict]]:
    """The slim runs of a folder with their names, in the order of these; one whole run is held at a time.

    Raises BadResults for the first bad file.
    """
    for path in sorted(folder.glob(names)):
        yield path.stem, slim(results.read(path, schema))


def slim(run: dict) -> dict:
    """A run with slim records; provenance, canaries and all else as they are. A slim one is given back."""
    if any(isinstance(record, Record) for record in run["records"][:1]):
        return run
    seen: dict = {}
    return run | {"records": [_record(record, seen) for record in run["records"]]}


def _record(record: dict, seen: dict) -> Record:
    """`seen` are the tuples of this run so far: most records have the same ones."""

    def once(found: tuple) -> tuple:
        return seen.setdefault(found, found)

    own = numerics.own(record["attempts"])
    verdicts = [tuple(numerics.verdict_of_attempt(attempt, function) for attempt in own) for function in FUNCTIONS]
    attempt = own[numerics.deciding_place(verdicts[0])]
    reason = attempt.get("reason")
    return Record(
        intern(record["snippet"]),
        intern(record["code"]),
        intern(record["dtype"]),
        once(tuple(record.get("faults", ()))),
        once(tuple(map(once, verdicts))),
        intern(attempt["outcome"]),
        reason and intern(reason),
        once(tuple(attempt["functions"])),
        figures(attempt["functions"].get("compute")),
    )


def figures(numbers: dict | None) -> Output | Sample | None:
    """What is told of the numbers of one function of a snippet; None where there are none."""
    if numbers is None:
        return None
    if "p_value" in numbers:
        return Sample(numbers["p_value"], numbers["false_alarm"])
    outputs, worst = numbers["outputs"], numerics.worst_output(numbers)
    other_shape = "cpu_shape" in worst
    first = None if other_shape else worst["first_wrong"]
    return Output(
        place=outputs.index(worst) + 1,
        of=len(outputs),
        ratio=rule.ratio_of_output(worst),
        other_shape=other_shape,
        misplaced=not other_shape and bool(worst["eps"] and worst["device"]["misplaced"]),
        wrong=0 if other_shape else worst["device"]["wrong"],
        elements=0 if other_shape else math.prod(worst["shape"]),
        first_wrong=first and First(tuple(first["index"]), first["device"], first["cpu"], first["exact"]),
        repeats=numbers["repeats"],
        wrong_runs=numbers.get("wrong_runs"),
    )
