"""The numbers of one output of a device, which the rule judges. For torch 2.0 and Python 3.9."""

from __future__ import annotations

import math

import torch

from mpscheck.runs.rule import SIZES, allowed_error, verdict_of_output

# of several equal values these may give any; max, min, argmax and argmin are documented to give the first
INDICES = ("sort", "argsort", "topk", "kthvalue", "median", "nanmedian", "mode")
CPU_ROUNDINGS = 10.0  # what the CPU is taken to be off by, in units of rounding, where nothing wider than it is known


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
