"""Is a device's result wrong? The one rule, for one output at a time; it needs torch 2.0 and Python 3.9 alone.

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

import torch

ALLOWED_RATIO = 10.0  # calibrated on healthy devices with other arithmetic, see the page on how it is verified
CPU_ROUNDINGS = 10.0  # what the CPU is taken to be off by, in units of rounding, where nothing wider than it is known
SMALLEST = 2.0**-126  # numbers below it are 0 on many a GPU
SIZES = ("rms", "max")
SEVERITY = ("agrees", "wrong", "nondeterministic", "nan")


def is_rounded(dtype: torch.dtype) -> bool:
    """Whether numbers of this dtype are rounded: floating and complex ones."""
    return dtype.is_floating_point or dtype.is_complex


def widened(values: torch.Tensor) -> torch.Tensor:
    """The same values in double precision."""
    return values.to(torch.complex128 if values.is_complex() else torch.float64)


def same(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Where two tensors hold the same; NaN is the same as NaN."""
    return (a == b) | ((a != a) & (b != b))


def sizes(values: torch.Tensor, where: torch.Tensor | bool = True) -> dict[str, float]:
    """RMS and largest magnitude of the values, those that do not count being 0."""
    if not values.numel():
        return dict.fromkeys(SIZES, 0.0)
    values = values.abs() if where is True else torch.where(where, values.abs(), 0.0)
    rms = torch.linalg.vector_norm(values, dtype=torch.float64).item() / math.sqrt(values.numel())
    return {"rms": rms, "max": values.max().item()}


def compare_output(got: torch.Tensor, cpu: torch.Tensor, exact: torch.Tensor | None, rounds: bool = False) -> dict:
    """The numbers of one output, plain data, from which a verdict follows.

    Args:
        got: what the device gave, on the CPU. cpu: what the CPU gave. Both in the dtype under test.
        exact: what the CPU gave in float64; None if it has no float64 for this.
        rounds: a device may round here even where the CPU did not.

    Of an output of another shape or dtype there are no numbers, but what the CPU's has. `misplaced` counts the values
    that no rounding explains: other whole numbers, NaN and infinity where they do not belong; `new_nan` those that are
    NaN. `wrong` counts all that are wrong, `first_wrong` is the first of them.
    """
    found = {"shape": list(got.shape), "dtype": str(got.dtype)[6:]}
    if got.shape != cpu.shape or got.dtype != cpu.dtype:
        return {**found, "cpu_shape": list(cpu.shape), "cpu_dtype": str(cpu.dtype)[6:]}
    rounded = is_rounded(cpu.dtype)
    eps = torch.finfo(cpu.dtype).eps if rounded else 0.0
    if exact is None or exact.shape != cpu.shape:
        exact, eps = cpu, eps * CPU_ROUNDINGS
    right = same(got, cpu) | same(got, exact.to(cpu.dtype))
    g, c, e = widened(got), widened(cpu), widened(exact)
    e = torch.where(e.isfinite(), e, c)  # where float64 gives no number, the CPU's counts
    both = g.isfinite() & e.isfinite()
    misplaced = ~right & ~both if rounded else ~right
    error, usable = torch.where(both, (g - e).abs(), 0.0), c.isfinite() & e.isfinite()
    numbers = {
        **found,
        "eps": eps,
        "exact": sizes(e, usable),
        "cpu": {**sizes(c - e, usable), **specials(c)},
        "device": {**sizes(error), **specials(g), "misplaced": int(misplaced.sum())},
    }
    numbers["device"]["new_nan"] = int((misplaced & g.isnan()).sum())
    wrong = misplaced | (error > allowed_error(numbers, "max", rounds))
    if not bool(wrong.any()):  # then it is their RMS, if anything
        wrong = error > allowed_error(numbers, "rms", rounds)
        wrong = wrong & (verdict_of_output(numbers, rounds) != "agrees")
    numbers["device"]["wrong"] = int(wrong.sum())
    numbers["first_wrong"] = described(wrong, got, cpu, exact) if bool(wrong.any()) else None
    return numbers


def specials(values: torch.Tensor) -> dict[str, int]:
    """How many values are NaN and how many infinite."""
    return {"nan": int(values.isnan().sum()), "inf": int(values.isinf().sum())}


def described(wrong: torch.Tensor, got: torch.Tensor, cpu: torch.Tensor, exact: torch.Tensor) -> dict:
    """The first wrong place, and the three values there: whole numbers, floats or complex ones."""
    place, index = int(wrong.flatten().int().argmax()), []
    for size in reversed(wrong.shape):
        place, here = divmod(place, size)
        index.insert(0, here)
    values = {"cpu": cpu, "device": got, "exact": exact}
    return {"index": index, **{name: tensor[tuple(index)].item() for name, tensor in values.items()}}


def spread_of(again: torch.Tensor, first: torch.Tensor) -> dict:
    """How far a second run is from the first: sizes, and how many values differ as no rounding does."""
    if again.shape != first.shape or again.dtype != first.dtype:
        return {**sizes(torch.zeros(0)), "misplaced": max(1, again.numel())}
    a, b = widened(again), widened(first)
    both = a.isfinite() & b.isfinite() & is_rounded(first.dtype)
    return {**sizes(torch.where(both, (a - b).abs(), 0.0)), "misplaced": int((~same(again, first) & ~both).sum())}


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
