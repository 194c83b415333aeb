"""What does not show in each run is run often enough to show."""

import math
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import is_statistical
from mpscheck.runs.numerics import MISSED, chance_of_missing

NAME = "repeats"
DESCRIPTION = "a rare fault is repeated until at most 1 % of healthy-looking checks miss it; nothing else is repeated"


def check(bug: Bug) -> Iterator[str]:
    repeats, rate = bug.check.repeats, bug.check.rate
    every = bug.effect.every if bug.effect else 1
    if repeats is None:
        if rate or every > 1:
            yield "a rate without repeats: say how often each function is run, repeats = …"
        return
    if is_statistical(bug):
        yield "repeats: a sample of random numbers is judged by its p-value; take it out"
    if bug.kind != "nondeterministic" and not rate and every == 1:
        yield f"repeats: a bug of kind {bug.kind!r} without a rate shows in each run; take it out, or state the rate"
    if rate and chance_of_missing(rate, repeats) > MISSED:
        needed = math.ceil(math.log(MISSED) / math.log1p(-rate))
        yield (
            f"repeats = {repeats} misses a fault in {rate:.3g} of the runs with a chance of "
            f"{chance_of_missing(rate, repeats):.2g}: at least {needed} for {MISSED:g}"
        )
    if every > repeats:
        yield f"effect {bug.effect}: with repeats = {repeats} it may never be imitated: at least {every}"
