"""Is a device's result wrong? The one rule, on the numbers of one output; `outputs` takes them. For Python 3.9.

**Reference.** The same function on the CPU in float64, on the *rounded* inputs upcast: what exact arithmetic would give
for the inputs that the device really got. **Baseline.** The CPU in the dtype under test: how much rounding costs here
on a device that nobody doubts. The device may cost some times that, no fixed tolerance: rounding errors grow with the
length of a sum and with the condition of the problem, both of which the baseline shares (Higham, *Accuracy and
Stability of Numerical Algorithms*, 2nd ed., chapters 3 and 4).

    error ratio = error of the device / rounding
    rounding    = max(error of the CPU, eps(dtype) * size of the reference)

twice: once with the RMS of all values of the output, once with the largest. The worse ratio counts, and of several
outputs the worst, so that a large output hides no small one, and many right values hide no wrong one.

The second term is a floor: an elementwise op on the CPU may be right to half a unit in the last place, which a device
that is healthy need not be. Where the CPU's error is exactly zero nothing was rounded (copies, indexing), so a device
has nothing to round either: there the comparison is exact. Whole numbers and truth values are compared one by one. NaN
and infinity must stand where the CPU in this dtype, or the reference rounded to it, has them.
"""

from __future__ import annotations

import math

# How many times the CPU's own error a healthy device may make. By RMS, 0.7 to 2.4 was seen for split sums, 3.8 for a
# sequential float32 sum over 3,072 terms, 7 for partial sums kept in half precision; benchmarks/calibrate_ratio.py
# measures both ratios on models, `mpscheck controls` prints the worse one of each check.
ALLOWED_RATIO = 10.0
SMALLEST = 2.0**-126  # numbers below it are 0 on many a GPU
SIZES = ("rms", "max")
SEVERITY = ("agrees", "wrong", "nondeterministic", "nan")
MISSED = 0.01  # the chance that a check of something rare may miss it


def allowed_error(numbers: dict, size: str, rounds: bool = False) -> float:
    """The error, RMS or largest, that a healthy device may make; 0 where the CPU rounded nothing."""
    if not rounds and not float(numbers["cpu"]["max"]):
        return 0.0
    return ALLOWED_RATIO * max(float(numbers["cpu"][size]), numbers["eps"] * float(numbers["exact"][size]), SMALLEST)


def error_ratios(numbers: dict, rounds: bool = False) -> dict[str, float]:
    """By RMS and by the largest: the device's error in units of rounding; infinity where no rounding explains it."""
    if "cpu_shape" in numbers or numbers["device"]["misplaced"]:
        return dict.fromkeys(SIZES, math.inf)
    found = {}
    for size in SIZES:
        error, allowed = float(numbers["device"][size]), allowed_error(numbers, size, rounds)
        found[size] = error / (allowed / ALLOWED_RATIO) if allowed else math.inf if error else 0.0
    return found


def ratio_of_output(numbers: dict, rounds: bool = False) -> float:
    """The worse of the two error ratios."""
    return max(error_ratios(numbers, rounds).values(), key=lambda ratio: (ratio != ratio, ratio))


def verdict_of_output(numbers: dict, rounds: bool = False) -> str:
    """`agrees`, `wrong`, `nan` or `nondeterministic`, the last where several runs were compared."""

    def within(part: dict) -> bool:
        return all(float(part[size]) <= allowed_error(numbers, size, rounds) for size in SIZES)

    if "cpu_shape" in numbers:
        return "wrong"
    device, spread = numbers["device"], numbers.get("spread")
    if device["misplaced"]:
        return "nan" if device["new_nan"] else "wrong"
    if spread and (spread["misplaced"] or not within(spread)):
        return "nondeterministic"
    return "agrees" if within(device) else "wrong"


def worst_verdict(verdicts: list[str]) -> str:
    """The worst verdict of several outputs."""
    return max(verdicts, key=SEVERITY.index, default="agrees")


def rate_seen(repeats: int) -> float:
    """The smallest share of wrong runs that so many repeats miss with a chance of at most MISSED."""
    return 1 - MISSED ** (1 / repeats)
