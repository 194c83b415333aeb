"""Is a device's result of one op wrong? The rule of MPS Check, behind a screen that spares most of the work.

Ops that only move data round nothing: there each value counts. Order that torch's documentation leaves open is no fault:
which of several equal values comes first, which of several values written to one place stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from mpscheck.runs.outputs import INDICES, compare_output, same, sizes
from mpscheck.runs.rule import ALLOWED_RATIO, SMALLEST, ratio_of_output, verdict_of_output

SCREEN = ALLOWED_RATIO - 1  # a result this near to the CPU's, in units of rounding, is right whatever the reference is
MOVES = frozenset(
    "alias amax amin argmax argmin cat clone concat constant_pad_nd contiguous copy diag diag_embed embedding expand_copy "
    "eye fill flatten flip full full_like gather hstack index index_copy index_fill index_put index_select masked_fill "
    "masked_scatter masked_select max maximum min minimum movedim neg nonzero one_hot ones ones_like pad repeat "
    "repeat_interleave reshape roll scatter select_scatter slice_scatter sort stack take take_along_dim tile to _to_copy "
    "topk tril triu vstack where zero zeros zeros_like".split()
)


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


def comparable(cpu: torch.Tensor, got: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Both with 0 where one is not finite, and where only one is, or another: there the two are not the same."""
    finite = cpu.isfinite() & got.isfinite()
    same = (cpu == got) | (cpu.isnan() & got.isnan())
    return torch.where(finite, cpu, 0.0), torch.where(finite, got, 0.0), ~(finite | same)


def distance(cpu: torch.Tensor, got: torch.Tensor) -> float:
    """How far a result is from the CPU's in units of rounding, by RMS or by the largest, whichever is more.

    0: the same values; infinity: another shape or dtype, other whole numbers, NaN or infinity in other places.
    """
    if cpu.shape != got.shape or cpu.dtype != got.dtype:
        return math.inf
    if torch.equal(cpu, got):
        return 0.0
    if not (cpu.is_floating_point() or cpu.is_complex()):
        return math.inf
    limits = torch.finfo(cpu.dtype)
    if cpu.is_floating_point() and cpu.dtype.itemsize < 4:
        cpu, got = cpu.float(), got.float()
    scale, apart = sizes(cpu), sizes(got - cpu)
    if not math.isfinite(scale["rms"] + apart["rms"]):
        cpu, got, special = comparable(cpu, got)
        if bool(special.any()):
            return math.inf
        scale, apart = sizes(cpu), sizes(got - cpu)
    return max(apart[size] / max(limits.eps * scale[size], SMALLEST) for size in scale)


def difference(cpu: torch.Tensor, got: torch.Tensor, exact: torch.Tensor | None, moves: bool) -> Difference | None:
    """How `got` is wrong by the rule; None if it is right.

    `exact` is the CPU's result in float64, None if the op has no float64. `moves` says that the op rounds nothing where
    the CPU does not.
    """
    numbers = compare_output(got, cpu, exact, rounds=not moves)
    if "cpu_shape" in numbers:
        return Difference("shape", math.inf)
    verdict = verdict_of_output(numbers, rounds=not moves)
    if verdict == "agrees":
        return None
    index = tuple(numbers["first_wrong"]["index"])
    share = numbers["device"]["wrong"] / max(1, cpu.numel())
    ratio = ratio_of_output(numbers, rounds=not moves)
    return Difference(verdict, ratio, share, index, cpu[index].item(), got[index].item())


def only_order(op: str, bound: dict, cpu: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether two results differ only in an order that torch's documentation leaves open.

    `bound` are the arguments by name as they were before the call.
    """
    return only_ties(op, bound, cpu, got) or only_collisions(op, bound, cpu, got)


def in_one_order(op: str, bound: dict, results: list[torch.Tensor]) -> list[torch.Tensor]:
    """The results of a call; where it was told that their order does not matter, values and indices in one order."""
    if op != "topk" or bound.get("sorted") is not False or len(results) != 2 or not results[0].ndim:
        return results
    dim, largest = bound.get("dim", -1), bound.get("largest", True)
    places = results[0].sort(stable=True, dim=dim, descending=largest).indices
    return [result.gather(dim, places) for result in results]


def only_ties(op: str, bound: dict, cpu: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether two results are indices that differ between equal values only, which a device is free to order."""
    values, dim = bound.get("self"), bound.get("dim", -1)
    if op not in INDICES or bound.get("stable") or cpu.dtype is not torch.int64 or cpu.shape != got.shape:
        return False
    if not bool(((got >= 0) & (got < values.shape[dim])).all()):
        return False
    if cpu.ndim < values.ndim:
        cpu, got = cpu.unsqueeze(dim), got.unsqueeze(dim)
    in_order = got.sort(dim).values
    twice = in_order.narrow(dim, 1, got.shape[dim] - 1) == in_order.narrow(dim, 0, got.shape[dim] - 1)
    return torch.equal(values.gather(dim, cpu), values.gather(dim, got)) and not bool(twice.any())


def only_collisions(op: str, bound: dict, cpu: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether two results differ only where several values were written to one place, and each holds one of those."""
    target = bound.get("self")
    if not isinstance(target, torch.Tensor) or cpu.shape != target.shape or got.shape != cpu.shape:
        return False
    if got.dtype != cpu.dtype or bound.get("accumulate") or bound.get("reduce") is not None:
        return False
    if op == "scatter" and isinstance(bound.get("src"), torch.Tensor):
        dim, index = bound["dim"], bound["index"]
        written = bound["src"][tuple(slice(size) for size in index.shape)]
    elif op == "index_copy" and target.ndim:
        dim, written = bound["dim"], bound["source"]
        shape = [1] * target.ndim
        shape[dim] = -1
        index = bound["index"].reshape(shape).expand(written.shape)
    elif op == "index_put" and not any(
        i is not None and i.dtype in (torch.bool, torch.uint8) for i in bound["indices"]
    ):
        indices = tuple(slice(None) if i is None else i for i in bound["indices"])
        places = torch.arange(target.numel()).view(target.shape)[indices]
        dim, index = 0, places.flatten()
        written, target = bound["values"].expand(places.shape).flatten(), target.flatten()
        cpu, got = cpu.flatten(), got.flatten()
    else:
        return False
    if not index.numel():
        return False
    index = index.long()
    kept = same(got.gather(dim, index), written)  # is what stands there what this one wrote?
    times, hits = (torch.zeros(target.shape, dtype=torch.int64) for _ in range(2))
    times.scatter_add_(dim, index, torch.ones_like(index))
    hits.scatter_add_(dim, index, kept.long())
    return bool(torch.where(times > 1, hits > 0, same(got, cpu)).all())
