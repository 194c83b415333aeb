"""From the numbers that a run stores to a verdict: of a function of a snippet, and of a record.

Results store numbers, never verdicts, so that a better rule can be applied to old runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from mpscheck.runs import rule

ALLOWED_RATIO, MISSED, rate_seen = rule.ALLOWED_RATIO, rule.MISSED, rule.rate_seen
NOT_RUN = ("error", "crash", "hang", "memory", "gpu-fault", "unsupported", "unfit", "not-run")
NOT_SEPARABLE = "not-separable"
HINDERED = ("unfit", NOT_SEPARABLE)  # these say something of the machine and nothing of the bug
CONTROL_WRONG = "the control, a call that this bug spares, is wrong too"
# from the best to the worst: a wrong number in one dtype is not undone by another dtype that did not run
SEVERITY = ("agrees", NOT_SEPARABLE, *reversed(NOT_RUN), *rule.SEVERITY[1:])
VERDICTS = SEVERITY
SICK = ("wrong", "nan", "nondeterministic")
SHOWS = {  # by the kind of a bug: the verdicts that show it
    **dict.fromkeys(SICK, SICK),
    "error": ("error", "unsupported"),
    "crash": ("crash", "gpu-fault"),
    "hang": ("hang",),
    "memory": ("memory", *SICK),  # too much of it, or that of other tensors
}


def number(value: Any) -> Any:
    """A number as JSON can hold it: non-finite ones as the strings "nan", "inf", "-inf"; complex ones as two."""
    if isinstance(value, complex):
        return [number(value.real), number(value.imag)]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value


def as_float(value: float | str | None) -> float:
    """The reverse of `number` for a real one."""
    return float(value) if value is not None else math.nan


def storable(value: Any) -> Any:
    """Plain data with each number as JSON can hold it."""
    if isinstance(value, dict):
        return {name: storable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [storable(part) for part in value]
    return number(value)


def has_ratio(numbers: dict[str, Any]) -> bool:
    """Whether a function has an error ratio: no random sample, and of the CPU's shapes."""
    return "outputs" in numbers and not any("cpu_shape" in output for output in numbers["outputs"])


def error_ratio(numbers: dict[str, Any]) -> float:
    """The error ratio of a function's worst output; infinity where an exact comparison fails."""
    ratios = [rule.ratio_of_output(output) for output in numbers["outputs"]]
    return max(ratios, key=lambda ratio: (math.isnan(ratio), ratio), default=0.0)


def worst_output(numbers: dict[str, Any]) -> dict[str, Any]:
    """The output that decides the verdict: of the worst verdict, the one with the largest ratio."""

    def badness(output: dict) -> tuple:
        ratio = rule.ratio_of_output(output)
        return rule.SEVERITY.index(rule.verdict_of_output(output)), math.isnan(ratio), ratio

    return max(numbers["outputs"], key=badness)


def verdict_of(numbers: dict[str, Any]) -> str:
    """`agrees`, `wrong`, `nan` or `nondeterministic`, from the numbers of one function of a snippet."""
    if "p_value" in numbers:
        return "wrong" if numbers["p_value"] < numbers["false_alarm"] else "agrees"
    return rule.worst_verdict([rule.verdict_of_output(output) for output in numbers["outputs"]])


def verdict_of_attempt(attempt: dict[str, Any], function: str) -> str:
    """The verdict of one attempt on one function: that of its numbers, else how the attempt ended.

    An attempt at several functions goes on where one of them raises: its outcome is that of the first that did.
    """
    numbers = attempt["functions"].get(function)
    if numbers is not None:
        return verdict_of(numbers)
    return attempt["outcome"] if attempt["outcome"] != "measured" else "not-run"


def verdict(record: dict[str, Any], function: str = "compute") -> str:
    """The verdict of a record on one of its functions."""
    return of_attempts([verdict_of_attempt(attempt, function) for attempt in own(record["attempts"])])


def of_attempts(verdicts: Sequence[str]) -> str:
    """The verdict of several attempts; attempts of which only some are wrong are `nondeterministic`."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    if any(found in SICK for found in verdicts):
        return "nondeterministic"
    return next(found for found in verdicts if found != "agrees")


def own(attempts: list[dict]) -> list[dict]:
    """Those that speak of the snippet itself: not one that failed after others in its process, if a fresh one was tried."""
    tried_alone = any(not attempt["before"] for attempt in attempts)
    return [a for a in attempts if not tried_alone or not a["before"] or a["outcome"] == "measured"]


def has_numbers(record: dict[str, Any]) -> bool:
    """Whether anything was measured for a record."""
    return any(attempt["functions"] for attempt in record["attempts"])


def measured_anything(run: dict[str, Any]) -> bool:
    """Whether a run counts as one: at least one of its records has numbers."""
    return any(map(has_numbers, run["records"]))


def is_complete(record: dict[str, Any]) -> bool:
    """Whether a record need not be measured again on the same machine: there are numbers, and nothing was left out."""
    return has_numbers(record) and all(attempt["outcome"] != "not-run" for attempt in record["attempts"])


def finding(record: dict[str, Any], kind: str) -> str:
    """What a record finds of a bug of this kind."""
    return shown(verdict(record), verdict(record, "control"), kind)


def shown(compute: str, control: str, kind: str) -> str:
    """What the verdicts on compute and control show of a bug of this kind: that on compute.

    Beside a control that is wrong, nothing can be told apart: the bug spares the control. An error, a crash or a hang of
    compute shows something only beside a control that is right: else `unfit`.
    """
    if control in SICK:
        return NOT_SEPARABLE
    shows_at_once = compute in NOT_RUN and compute in SHOWS[kind]
    return "unfit" if shows_at_once and control != "agrees" else compute


def reason(record: dict[str, Any], kind: str) -> str | None:
    """Why a record says neither wrong nor right of a bug of this kind, in words; may be a stranger's."""
    return CONTROL_WRONG if finding(record, kind) == NOT_SEPARABLE else deciding(record).get("reason")


def chance_of_missing(rate: float, repeats: int) -> float:
    """How likely it is that so many runs are all right although a fault makes this share of them wrong."""
    return (1 - rate) ** repeats


def worst(verdicts: Iterable[str]) -> str:
    """The worst of several verdicts: of those in several dtypes it speaks for the bug."""
    return max(verdicts, key=SEVERITY.index)


def deciding(record: dict[str, Any]) -> dict[str, Any]:
    """The attempt that the figures of a record are taken from."""
    attempts = own(record["attempts"])
    return attempts[deciding_place([verdict_of_attempt(attempt, "compute") for attempt in attempts])]


def deciding_place(verdicts: Sequence[str]) -> int:
    """Which attempt decides: the first whose verdict on compute is not that all is right, else the first."""
    return next((place for place, found in enumerate(verdicts) if found != "agrees"), 0)
