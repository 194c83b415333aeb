"""Is one tensor of the device wrong, by the rule of MPS Check? In words."""

from __future__ import annotations

import math

import torch

from mpscheck.runs.outputs import compare_output, is_rounded, spread_of
from mpscheck.runs.rule import ALLOWED_RATIO, SIZES, allowed_error, error_ratios, verdict_of_output
from mpscheck.tools.validate.modes import SHAKE

HALF_RATIO = 2.0  # in place of ALLOWED_RATIO for the RMS in half types: a sum is cut to them a few times at most
MANY = 1000  # numbers that have an RMS worth so much
BLOCK = 2**22  # a larger tensor is compared part by part, which takes less memory
NOT_FINITE = "the CPU itself gives no finite number"
WORST_FIRST = ("disagrees", "could not check", "agrees", "not checked")


def compare(got, cpu, exact, shaken=(), nothing=0.0):
    """Return (verdict, margin, words) for one tensor of the device; `exact` is the CPU's answer in float64.

    `shaken`: what the CPU gives with other roundings, SHAKE of them. They join the baseline, as far as one rounding does.
    `nothing`: a tensor without a larger number in it holds nothing but roundings.
    """
    # pytorch#197715: never .to("cpu", float64)
    got, cpu, exact, *shaken = (value.detach().cpu() for value in (got, cpu, exact, *shaken))
    if got.shape == cpu.shape and cpu.numel() > BLOCK:
        parts = zip(*(value.flatten().split(BLOCK) for value in (got, cpu, exact, *shaken)))
        return max((compare(*part[:3], part[3:], nothing) for part in parts), key=badness)
    alike = got.shape == cpu.shape and got.dtype == cpu.dtype
    if alike and nothing and max(exact.abs().max(), got.abs().max() / ALLOWED_RATIO) <= nothing:
        return "not checked", None, "it is zero but for roundings"
    shaken = [other for other in shaken if alike and other.shape == cpu.shape]
    for other in shaken:  # whole numbers, and places of NaN, that roundings decide
        got = torch.where(other == cpu if not is_rounded(cpu.dtype) else other.isfinite() == cpu.isfinite(), got, cpu)
    numbers = compare_output(got, cpu, exact, rounds=True)
    for other in shaken:
        sizes = compare_output(other, cpu, exact, rounds=True)["device"]
        numbers["cpu"].update({size: max(numbers["cpu"][size], sizes[size] / SHAKE) for size in SIZES})
    verdict, margin, words = judged(numbers)
    if verdict == "disagrees" and got.numel() > 1 and not got.any():  # a black image
        words += f", all {got.numel()} numbers are 0"
    return verdict, margin, words


def badness(found):
    """What the worst of several comparisons is found by."""
    verdict, margin, _ = found
    return -WORST_FIRST.index(verdict), math.inf if margin is None else margin


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
    if not size:
        return "not checked", None, "it is empty"
    if odd[1] == size:
        return "could not check", None, f"{NOT_FINITE}: NaN {cpu['nan']}, Inf {cpu['inf']}"
    limits = dict.fromkeys(SIZES, ALLOWED_RATIO)
    if numbers["dtype"] in ("float16", "bfloat16") and size >= MANY:
        limits["rms"] = HALF_RATIO
    ratios = {name: ratio / limits[name] for name, ratio in error_ratios(numbers, rounds=True).items()}
    worse = max(ratios, key=ratios.get)
    agrees = verdict_of_output(numbers, rounds=True) == "agrees" and ratios[worse] <= 1
    if agrees and numbers["dtype"] == "float32" and cpu["rms"] > 0.1 * numbers["exact"]["rms"] > 0:
        return "could not check", None, f"in float64 the CPU gives other numbers, {cpu['rms']:.3g} away: no reference"
    which = {"rms": "RMS", "max": "the largest"}[worse]
    allowed = allowed_error(numbers, worse, rounds=True) / ALLOWED_RATIO * limits[worse]
    words = f"error {device[worse]:.3g} ({which}), {allowed:.3g} allowed"
    words += f", NaN or Inf: {odd[1]} of {size}, as on the CPU" if odd[1] else ""
    return "agrees" if agrees else "disagrees", ratios[worse], words
