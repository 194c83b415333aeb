"""How a tensor may lie in memory: each layout as strides and offset within a larger piece of memory.

The gaps hold values of the tensor itself, never junk: a kernel that reads them by mistake is then silently wrong, as it
would be in a program, and raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import torch

PLAIN = "contiguous"
ON_CPU = ("cpu", "cpu-offset")  # of a tensor without dimensions beside others: it stays on the CPU
EXPANDED = "expanded"  # the values are other ones: each row is the first
CONJUGATED = "conjugated"  # of a complex tensor: a view that says so
OFFSET = 3  # elements: no multiple of 4, which some kernels want of a start


@dataclass(frozen=True)
class Place:
    """Where the elements of a tensor lie in `total` elements of memory."""

    strides: tuple[int, ...]
    offset: int
    total: int


def packed(shape, order=None) -> list[int]:
    """Dense strides, the dimensions from the outermost to the innermost in this order."""
    strides, step = [0] * len(shape), 1
    for dim in reversed(order if order is not None else range(len(shape))):
        strides[dim] = step
        step *= max(shape[dim], 1)
    return strides


def _dense(shape, order) -> Place:
    return Place(tuple(packed(shape, order)), 0, prod(shape))


def _within(shape, larger, starts, steps=None, order=None) -> Place:
    """A block of a larger dense tensor: from `starts`, each dimension with its step."""
    strides = packed(larger, order)
    steps = steps or [1] * len(shape)
    offset = sum(stride * start for stride, start in zip(strides, starts))
    return Place(tuple(stride * step for stride, step in zip(strides, steps)), offset, prod(larger))


def _one_larger(shape, dim: int, larger: int, start: int, step: int = 1, order=None) -> Place:
    sizes, starts, steps = list(shape), [0] * len(shape), [1] * len(shape)
    sizes[dim], starts[dim], steps[dim] = larger, start, step
    return _within(shape, sizes, starts, steps, order)


def _channels(ndim: int) -> list[int]:
    """Channels last: the second dimension is the innermost."""
    return [0, *range(2, ndim), 1]


def _swapped(ndim: int, one: int, other: int) -> list[int]:
    order = list(range(ndim))
    order[one], order[other] = order[other], order[one]
    return order


LAYOUTS: dict[str, tuple[Callable[[tuple], bool], Callable[[tuple], Place]]] = {  # where it is another one, and where
    "transposed": (lambda s: len(s) >= 2, lambda s: _dense(s, list(reversed(range(len(s)))))),
    "stepped": (lambda s: len(s) >= 1, lambda s: _one_larger(s, -1, 2 * s[-1], 0, 2)),
    "offset": (lambda s: True, lambda s: Place(tuple(packed(s)), OFFSET, prod(s) + 2 * OFFSET)),
    "columns": (lambda s: len(s) >= 2, lambda s: _one_larger(s, -1, s[-1] + OFFSET, 1)),
    "swapped": (lambda s: len(s) >= 3, lambda s: _dense(s, _swapped(len(s), -1, -2))),
    "heads": (lambda s: len(s) >= 3, lambda s: _dense(s, _swapped(len(s), -3, -2))),
    "channels-last": (lambda s: len(s) in (4, 5), lambda s: _dense(s, _channels(len(s)))),
    "rows": (lambda s: len(s) >= 2, lambda s: _one_larger(s, 0, 2 * s[0], 1, 2)),
    "chunk": (lambda s: len(s) >= 3, lambda s: _one_larger(s, 1, 2 * s[1], s[1])),
    "channels-last-offset": (
        lambda s: len(s) in (4, 5),
        lambda s: _one_larger(s, 0, s[0] + 1, 1, order=_channels(len(s))),
    ),
    "channels-last-part": (
        lambda s: len(s) in (4, 5),
        lambda s: _one_larger(s, 1, s[1] + OFFSET, 0, order=_channels(len(s))),
    ),
    "second-half": (lambda s: len(s) >= 1, lambda s: _one_larger(s, 0, 2 * s[0], s[0])),
}
MEMORY = tuple(LAYOUTS)
WRITTEN = ("transposed", "stepped", "offset", "columns", "channels-last", "rows")  # of what a call writes to


def place_of(shape, layout: str) -> Place:
    """Where the elements of a tensor of this shape lie."""
    return _dense(tuple(shape), None) if layout in (PLAIN, EXPANDED, CONJUGATED) else LAYOUTS[layout][1](tuple(shape))


def possible(tensor: torch.Tensor, names=MEMORY) -> list[str]:
    """The layouts that such a tensor may have and that are another than the plain one, no two the same."""
    shape, found, seen = tuple(tensor.shape), [], {_effective(tensor, PLAIN)}
    for name in names:
        if not LAYOUTS[name][0](shape):
            continue
        effective = _effective(tensor, name)
        if effective not in seen:
            seen.add(effective)
            found.append(name)
    return found


def _effective(tensor: torch.Tensor, name: str) -> tuple:
    """What tells two layouts apart; the stride of a dimension of one element does not."""
    place = place_of(tensor.shape, name)
    return tuple(stride for size, stride in zip(tensor.shape, place.strides) if size > 1), place.offset


def expanded(values: torch.Tensor) -> torch.Tensor | None:
    """A tensor of this shape whose first dimension that can be is expanded; None where none can."""
    dim = next((n for n, size in enumerate(values.shape) if size > 1), None)
    return None if dim is None else values.narrow(dim, 0, 1).expand(values.shape)


def memory(values: torch.Tensor, place: Place) -> torch.Tensor:
    """All of the memory, one dimension, with the values in their places and such values in the gaps."""
    flat = values.reshape(-1)
    if not flat.numel():
        return flat.new_zeros(place.total)
    if place.total == flat.numel() and not place.offset and values.stride() == place.strides:
        return flat.clone()
    around = flat.repeat(-(-place.total // flat.numel()))[: place.total].clone()
    around.as_strided(values.shape, place.strides, place.offset).copy_(values)
    return around


def placed(values: torch.Tensor, layout: str, device: str) -> tuple[torch.Tensor, torch.Tensor, Place]:
    """A tensor on the device with these values in this layout, all of its memory there, and its place in that.

    Only the memory is moved, one dimension without gaps; the view is made afterwards, since a move drops the layout.
    """
    if layout == EXPANDED:
        narrow = values.narrow(next(n for n, size in enumerate(values.shape) if size > 1), 0, 1)
        flat = narrow.reshape(-1).clone().to(device)
        return flat.view(narrow.shape).expand(values.shape), flat, place_of(values.shape, PLAIN)
    if layout == CONJUGATED:
        view, flat, place = placed(values.conj().resolve_conj(), PLAIN, device)
        return view.conj(), flat, place
    if layout in ON_CPU:
        layout, device = ("offset" if layout == "cpu-offset" else PLAIN), "cpu"
    place = place_of(values.shape, layout)
    flat = memory(values, place).to(device)
    if layout == PLAIN:
        return flat.view(values.shape), flat, place
    return flat.as_strided(values.shape, place.strides, place.offset), flat, place
