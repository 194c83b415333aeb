"""Is one tensor of the device wrong, by the rule of MPS Check? In words."""

from __future__ import annotations

import math

from mpscheck.runs.outputs import compare_output, spread_of
from mpscheck.runs.rule import ALLOWED_RATIO, allowed_error, error_ratios, verdict_of_output


def compare(got, cpu, exact):
    """Return (verdict, margin, words) for one tensor of the device; `exact` is the CPU's answer in float64."""
    # pytorch#197715: never .to("cpu", float64)
    return judged(compare_output(got.detach().cpu(), cpu.detach(), exact.detach(), rounds=True))


def compare_runs(again, got, cpu, exact):
    """Return the same for two runs of the device, which may be as far apart as each may be from the reference."""
    again, got = again.detach().cpu(), got.detach().cpu()
    numbers = compare_output(got, cpu.detach(), exact.detach(), rounds=True)
    if "device" in numbers:
        numbers["device"].update(spread_of(again, got))
    return judged(numbers)


def judged(numbers):
    """Return (verdict, margin, words) for the numbers of one tensor; where there is no reference, no verdict."""
    if "cpu_shape" in numbers:
        mine, its = ((tuple(numbers[f"{side}shape"]), numbers[f"{side}dtype"]) for side in ("", "cpu_"))
        return "disagrees", None, "shape {}, {}, on the CPU {}, {}".format(*mine, *its)
    device, cpu, size = numbers["device"], numbers["cpu"], math.prod(numbers["shape"])
    odd = [side["nan"] + side["inf"] for side in (device, cpu)]
    if device["misplaced"]:
        words = "NaN or Inf: {}, on the CPU {}".format(*odd) if numbers["eps"] else "{misplaced} are others"
        return "disagrees", None, words.format(**device)
    if odd[1] == size:
        return "could not check", None, "the CPU itself gives no finite number"
    ratios = error_ratios(numbers, rounds=True)
    worse = max(ratios, key=ratios.get)
    agrees = verdict_of_output(numbers, rounds=True) == "agrees"
    if agrees and numbers["dtype"] == "float32" and cpu["rms"] > 0.1 * numbers["exact"]["rms"] > 0:
        return "could not check", None, f"in float64 the CPU gives other numbers, {cpu['rms']:.3g} away: no reference"
    which = {"rms": "RMS", "max": "the largest"}[worse]
    words = f"error {device[worse]:.3g} ({which}), {allowed_error(numbers, worse, rounds=True):.3g} allowed"
    return "agrees" if agrees else "disagrees", ratios[worse] / ALLOWED_RATIO, words
