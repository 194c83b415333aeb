"""Measuring how wrong an output is, and the one rule that turns the numbers into a verdict.

**Reference.** The same function on the CPU in float64, on the *rounded* inputs upcast: what exact arithmetic would give
for the inputs that the device really got. **Baseline.** The CPU in the dtype under test: how much rounding costs here
on a device that nobody doubts. The device may cost some times that, no fixed tolerance: rounding errors grow with the
length of a sum and with the condition of the problem, both of which the baseline shares (Higham, *Accuracy and
Stability of Numerical Algorithms*, 2nd ed., chapters 3 and 4).

    error ratio = RMS error of the device / rounding
    rounding    = max(RMS error of the CPU, eps(dtype) * RMS of the reference)

The second term is a floor: an elementwise op on the CPU may be right to half a unit in the last place, which a device
that is healthy need not be. Where the CPU's error is exactly zero nothing was rounded (copies, indexing, whole
numbers), so a device has nothing to round either: there the comparison is exact.

Results store these numbers, never verdicts, so that a better rule can be applied to old runs.
"""

import math
from typing import Any

ALLOWED_RATIO = 10.0
"""How many times the CPU's own error a healthy device may make. `mpscheck controls` prints the largest ratio of the
honest device beside it; 0.7 to 2.4 was seen for split sums, 3.8 for a sequential float32 sum over 3,072 terms, 7 for
partial sums kept in half precision."""

VERDICTS = ("agrees", "wrong", "nan", "nondeterministic", "error", "crash", "hang", "memory", "unsupported", "not-run")
SICK = ("wrong", "nan", "nondeterministic")


def number(value: float) -> float | str:
    """A float as JSON can hold it: non-finite ones as the strings "nan", "inf", "-inf"."""
    return value if math.isfinite(value) else str(value)


def as_float(value: float | str | None) -> float:
    """The reverse of `number`."""
    return float(value) if value is not None else math.nan


def compare(got: tuple, reference: tuple, wrong_above: float) -> dict[str, Any]:
    """The numbers of one comparison.

    Args:
        got: outputs, CPU tensors in the dtype under test, any shapes.
        reference: the same outputs in float64 (or whole numbers).
        wrong_above: absolute error above which a single element counts as wrong.

    Returns a dict for JSON: `rms`, `max_abs`, `max_rel`, `wrong_share`, `first_wrong` (index, expected, got), counts of
    NaN and Inf, `special_mismatch` (places where NaN or Inf stand in one of the two only, or another Inf) and
    `shape_mismatch`. RMS and maxima are over places where both are finite.
    """
    if [tuple(t.shape) for t in got] != [tuple(t.shape) for t in reference]:
        return {"shape_mismatch": f"{[list(t.shape) for t in got]} for {[list(t.shape) for t in reference]}"}
    import torch

    g = torch.cat([t.flatten().double() for t in got])
    r = torch.cat([t.flatten().double() for t in reference])
    equal = (g == r) | (g.isnan() & r.isnan())
    finite = g.isfinite() & r.isfinite()
    error = torch.where(finite & ~equal, g - r, 0.0).abs()
    special = ~equal & ~finite
    wrong = special | (error > wrong_above)
    first = int(wrong.int().argmax()) if bool(wrong.any()) else None
    relative = torch.where(r != 0, error / r.abs(), 0.0)
    return {
        "rms": number(error.square().mean().sqrt().item() if g.numel() else 0.0),
        "max_abs": number(error.max().item() if g.numel() else 0.0),
        "max_rel": number(relative[finite].max().item() if bool(finite.any()) else 0.0),
        "wrong_share": wrong.double().mean().item() if g.numel() else 0.0,
        "first_wrong": None
        if first is None
        else {"index": first, "expected": number(r[first].item()), "got": number(g[first].item())},
        "nan": int(g.isnan().sum()),
        "inf": int(g.isinf().sum()),
        "special_mismatch": int(special.sum()),
        "shape_mismatch": None,
    }


def allowed_error(numbers: dict[str, Any]) -> float:
    """The RMS error that a healthy device may make; 0 where the CPU rounded nothing."""
    cpu, floor = as_float(numbers["baseline"]["rms"]), numbers["eps"] * as_float(numbers["reference_rms"])
    return ALLOWED_RATIO * max(cpu, floor) if cpu else 0.0


def error_ratio(numbers: dict[str, Any]) -> float:
    """Device error over the larger of the CPU's own and the floor; infinity where an exact comparison fails."""
    device, allowed = as_float(numbers["device"]["rms"]), allowed_error(numbers)
    if not allowed:
        return math.inf if device else 0.0
    return device / (allowed / ALLOWED_RATIO)


def verdict_of(numbers: dict[str, Any]) -> str:
    """`agrees`, `wrong`, `nan` or `nondeterministic`, from the numbers of one function of a snippet."""
    if "p_value" in numbers:
        return "wrong" if numbers["p_value"] < numbers["false_alarm"] else "agrees"
    device = numbers["device"]
    if device.get("shape_mismatch"):
        return "wrong"
    if device["special_mismatch"]:
        return "nan" if device["nan"] > numbers["baseline"]["nan"] else "wrong"
    allowed = allowed_error(numbers)
    if as_float(numbers["spread"]) > allowed:
        return "nondeterministic"
    return "wrong" if as_float(device["rms"]) > allowed else "agrees"


def verdict(record: dict[str, Any], function: str = "compute") -> str:
    """The verdict of a record on one of its functions: what did not run says so, and why is in the record."""
    if record["outcome"] != "measured":
        return record["outcome"]
    numbers = record["functions"].get(function)
    return verdict_of(numbers) if numbers is not None else "not-run"
