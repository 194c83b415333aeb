"""Is a device's result of one op wrong? The rule of MPS Check, behind a screen that spares most of the work.

A device may make ALLOWED_RATIO times the error that the CPU makes, both measured against the CPU in float64, and not
less than the rounding of one result. Ops that only move data round nothing: there each value counts. Places of NaN and
infinity come first. RMS errors are held against each other, and largest errors too, so that one wrong value in a long
result of a half type shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

ALLOWED_RATIO = 10.0
CPU_ROUNDINGS = 10.0  # what the CPU is taken to be off by, in units of rounding, where float64 cannot tell
SCREEN = ALLOWED_RATIO - 1  # a result this near to the CPU's, in units of rounding, is right whatever the reference is
MOVES = frozenset(
    "alias amax amin argmax argmin cat clone concat constant_pad_nd contiguous copy diag diag_embed embedding expand_copy "
    "eye fill flatten flip full full_like gather hstack index index_copy index_fill index_put index_select masked_fill "
    "masked_scatter masked_select max maximum min minimum movedim neg nonzero one_hot ones ones_like pad repeat "
    "repeat_interleave reshape roll scatter select_scatter slice_scatter sort stack take take_along_dim tile to _to_copy "
    "topk tril triu vstack where zero zeros zeros_like".split()
)
INDICES = ("sort", "argsort", "topk", "argmax", "argmin", "max", "min", "kthvalue", "median", "mode")


@dataclass(frozen=True)
class Difference:
    """How a result is wrong. `ratio`: the error in units of the CPU's own; `share`: of the values that are wrong.

    `around`: not the result is wrong but the memory around it, which `index` then counts from its start.
    """

    kind: str  # wrong, nan (a NaN that the CPU has not), shape
    ratio: float
    share: float = 1.0
    index: tuple[int, ...] = ()
    expected: complex | None = None  # in the dtype of the result: a whole number stays one
    got: complex | None = None
    around: bool = False


def real(values: torch.Tensor) -> torch.Tensor:
    """Complex numbers as pairs of real ones."""
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values


def comparable(cpu: torch.Tensor, got: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Both with 0 where one is not finite, and where only one is, or another: there the two are not the same."""
    finite = cpu.isfinite() & got.isfinite()
    same = (cpu == got) | (cpu.isnan() & got.isnan())
    return torch.where(finite, cpu, 0.0), torch.where(finite, got, 0.0), ~(finite | same)


def sizes(values: torch.Tensor) -> tuple[float, float]:
    """RMS and largest magnitude; (0, 0) if there are no values."""
    if not values.numel():
        return 0.0, 0.0
    rms = torch.linalg.vector_norm(values, dtype=torch.float64).item() / math.sqrt(values.numel())
    return rms, values.abs().max().item()


def distance(cpu: torch.Tensor, got: torch.Tensor) -> float:
    """How far a result is from the CPU's in units of rounding, by RMS or by the largest, whichever is more.

    0: the same values; infinity: another shape or dtype, other whole numbers, NaN or infinity in other places.
    """
    if cpu.shape != got.shape or cpu.dtype != got.dtype:
        return math.inf
    if torch.equal(cpu, got):
        return 0.0
    cpu, got = real(cpu), real(got)
    if not cpu.is_floating_point():
        return math.inf
    limits = torch.finfo(cpu.dtype)
    if cpu.dtype.itemsize < 4:
        cpu, got = cpu.float(), got.float()
    scale = sizes(cpu)
    apart = sizes(got - cpu)
    if not math.isfinite(scale[0] + apart[0]):
        cpu, got, special = comparable(cpu, got)
        if bool(special.any()):
            return math.inf
        scale, apart = sizes(cpu), sizes(got - cpu)
    return max(a / max(limits.eps * s, limits.tiny) for a, s in zip(apart, scale))


def difference(cpu: torch.Tensor, got: torch.Tensor, exact: torch.Tensor | None, moves: bool) -> Difference | None:
    """How `got` is wrong by the rule; None if it is right.

    `exact` is the CPU's result in float64, None if the op has no float64: then the CPU is taken to be off by
    CPU_ROUNDINGS. `moves` says that the op rounds nothing where the CPU does not.
    """
    roundings = 1.0 if exact is not None else CPU_ROUNDINGS
    exact = cpu if exact is None else exact
    if cpu.shape != got.shape or cpu.dtype != got.dtype:
        return Difference("shape", math.inf)
    both = cpu, got
    cpu, got, exact = real(cpu), real(got), real(exact)
    if not cpu.is_floating_point():
        return described("wrong", math.inf, cpu != got, *both)
    c, g, special = comparable(cpu.double(), got.double())
    if bool(special.any()):
        kind = "nan" if bool((got.isnan() & ~cpu.isnan()).any()) else "wrong"
        return described(kind, math.inf, special, *both)
    exact = torch.where(exact.isfinite() & cpu.isfinite(), exact.double(), c)
    own, error = (c - exact).abs(), (g - exact).abs()
    if moves and not bool(own.any()):
        return described("wrong", math.inf, error > 0, *both)
    limits = torch.finfo(cpu.dtype)
    least = limits.eps * roundings
    allowed = [max(o, least * e, limits.tiny) for o, e in zip(sizes(own), sizes(exact))]
    ratio = max(e / a for e, a in zip(sizes(error), allowed))
    if ratio <= ALLOWED_RATIO:
        return None
    wrong = error > ALLOWED_RATIO * max(own.max().item(), least * sizes(exact)[0])
    return described("wrong", ratio, wrong if bool(wrong.any()) else error == error.max(), *both)


def described(kind: str, ratio: float, wrong: torch.Tensor, cpu: torch.Tensor, got: torch.Tensor) -> Difference | None:
    """A Difference with the first wrong place; None if nothing is wrong. `wrong` may hold real and imaginary parts."""
    if not bool(wrong.any()):
        return None
    wrong = wrong.any(-1) if wrong.ndim > cpu.ndim else wrong
    place = tuple(int(i) for i in torch.unravel_index(wrong.flatten().int().argmax(), wrong.shape))
    return Difference(kind, ratio, wrong.double().mean().item(), place, cpu[place].item(), got[place].item())


def only_ties(op: str, bound: dict, cpu: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether two results are indices that differ between equal values only, which a device is free to order."""
    values, dim = bound.get("self"), bound.get("dim", -1)
    if (
        op not in INDICES
        or cpu.dtype is not torch.int64
        or cpu.shape != got.shape
        or not isinstance(dim, (int, type(None)))
    ):
        return False
    if dim is None:
        values, dim, cpu, got = values.flatten(), 0, cpu.reshape(1), got.reshape(1)
    if not bool(((got >= 0) & (got < values.shape[dim])).all()):
        return False
    if cpu.ndim < values.ndim:
        cpu, got = cpu.unsqueeze(dim), got.unsqueeze(dim)
    return torch.equal(values.gather(dim, cpu), values.gather(dim, got))
