"""A claim about random numbers is tested by a p-value with a stated false-alarm rate."""

from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import function, is_statistical

NAME = "statistics"
DESCRIPTION = "p_value(sample) and FALSE_ALARM come together, and the rate is small"

LARGEST = 1e-6  # 250 such snippets in 1,000 runs then give 0.25 false alarms on the average


def check(bug: Bug) -> Iterator[str]:
    if not is_statistical(bug):
        if bug.check.false_alarm is not None:
            yield "FALSE_ALARM without p_value: define p_value(sample), or remove FALSE_ALARM"
        return
    if bug.check.false_alarm is None:
        yield "p_value without FALSE_ALARM: state the rate as a plain constant, such as FALSE_ALARM = 1e-9"
    elif not isinstance(bug.check.false_alarm, float) or not 0 < bug.check.false_alarm <= LARGEST:
        yield f"FALSE_ALARM = {bug.check.false_alarm!r}: expected a probability above 0 and at most {LARGEST:g}"
    arguments = function(bug, "p_value").args
    if len(arguments.args) != 1 or arguments.vararg or arguments.kwonlyargs:
        yield "p_value takes one parameter, the sample: p_value(sample)"
