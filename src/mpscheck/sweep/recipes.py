"""Our own calls, which OpInfo lacks: what programs do and what known bugs needed. They are swept first.

`torch.ops` names are avoided where users have a name of their own. A recipe may return a truth value that it worked out
itself, such as whether an index out of range was refused: that is compared like any other result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F

from mpscheck.sweep.entries import Entry

FLOATS = ("float32", "float16", "bfloat16")
NUMBERS = (*FLOATS, "int64", "uint8")
ALL = (*NUMBERS, "bool", "complex64")
Draw = Callable[[torch.dtype], Iterator[tuple[tuple, dict]]]


def values(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Random values of a dtype."""
    if dtype is torch.bool:
        return torch.rand(shape) < 0.5
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(shape, dtype=torch.complex64 if dtype.is_complex else torch.float32).to(dtype)
    return torch.randint(0 if dtype is torch.uint8 else -100, 200, shape).to(dtype)


def recipe(name: str, call: Callable, draw: Draw, dtypes=FLOATS, op: str = "", **more) -> Entry:
    """One entry; `op` is what a rule knows it by."""
    return Entry(f"own/{name}", op or name, call, tuple(dtypes), draw, **more)


def shapes(*some: tuple) -> Draw:
    """Samples of tensors: each of `some` is a tuple of shapes."""

    def draw(dtype):
        for sample in some:
            yield tuple(values(*shape, dtype=dtype) for shape in sample), {}

    return draw
def recipes() -> tuple[Entry, ...]:
    return (recipe("linear", lambda d, *a: F.linear(*a), shapes(((5, 8), (6, 8)), ((2, 5, 8), (6, 8), (6,))), backward=("float32",)),)
