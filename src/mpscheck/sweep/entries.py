"""What an entry of the sweep is: something that is called, and samples of its arguments.

Samples are drawn on the CPU from a seed, so that any process can draw the same ones again.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import torch

from mpscheck.tools.locate.replay import mapped, tensors_in

DTYPES = ("float32", "float16", "bfloat16", "int64", "uint8", "bool", "complex64")
CAPS = {"float32": 6}  # samples of an entry; of another dtype:
CAP = 2
LOOKED_AT = 40  # samples of OpInfo among which those are chosen
MIDDLING = 300  # elements of the sample that gets special values
LARGEST = 2_000_000  # elements of one tensor of OpInfo's
SPECIALS = (float("nan"), float("inf"), float("-inf"), 0.0)


@dataclass(frozen=True)
class Sample:
    """One set of arguments: tensors on the CPU, contiguous, and what is no tensor. `values`: plain, specials or large."""

    number: int
    args: tuple
    kwargs: dict
    values: str = "plain"

    @cached_property
    def tensors(self) -> list[torch.Tensor]:
        """The tensors among the arguments, in order."""
        return tensors_in((self.args, self.kwargs))


@dataclass(frozen=True)
class Entry:
    """Something that is called as `call(device, *args, **kwargs)`, and what draws its arguments.

    `draw(dtype)` gives arguments and keywords, tensors on the CPU. `op` is its public name, by which a rule may know it.
    """

    name: str
    op: str
    call: Callable
    dtypes: tuple[str, ...]
    draw: Callable[[torch.dtype], Iterator[tuple[tuple, dict]]]
    in_place: Callable | None = None
    out: bool = False
    backward: tuple[str, ...] = ()
    specials: bool = False
    whole: bool = True  # False: only as it is, in no other layout
    cap: int | None = None  # samples of a dtype, where it is not the common one

    def samples(self, dtype: str, seed: int, cap: int | None = None) -> list[Sample]:
        """Some samples of a dtype, no two with the same looks, the same for the same seed; none where it has none."""
        torch.manual_seed(zlib.crc32(f"{self.name} {dtype}".encode()) + seed)
        cap, chosen, spare = cap or self.cap or CAPS.get(dtype, CAP), {}, []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for args, kwargs in islice(self.draw(getattr(torch, dtype)), max(LOOKED_AT, self.cap or 0)):
                if not all(fits(t) for t in tensors_in((args, kwargs))):
                    continue
                looks = looks_of(args, kwargs)
                (spare.append((args, kwargs)) if looks in chosen else chosen.setdefault(looks, (args, kwargs)))
        some = spread([*chosen.values(), *spare], cap)
        found = [Sample(n, *mapped_plain(args, kwargs)) for n, (args, kwargs) in enumerate(some)]
        middling = max(found, key=lambda s: (sum(t.numel() for t in s.tensors) <= MIDDLING, *_sizes(s)), default=None)
        return found + (list(self.variants(middling)) if middling else [])

    def variants(self, sample: Sample) -> Iterator[Sample]:
        """The same arguments with NaN, infinity and zero among the values, or with values beyond 2^24."""
        tensors = sample.tensors
        if not self.specials or not tensors:
            return
        if tensors[0].is_floating_point():
            yield replaced(sample, "specials", with_specials)
        elif tensors[0].dtype is torch.int64:
            yield replaced(sample, "large", with_large)


def _sizes(sample: Sample) -> tuple[int]:
    return (sum(t.numel() for t in sample.tensors),)


def fits(tensor: torch.Tensor) -> bool:
    """Whether a tensor is a plain one of a moderate size."""
    return tensor.layout is torch.strided and tensor.numel() <= LARGEST and not tensor.is_quantized


def looks_of(args, kwargs) -> tuple:
    """What two samples that look alike share: numbers of dimensions, emptiness, and what is no tensor."""
    shapes = tuple((t.ndim, t.numel() == 0, t.numel() == 1, t.dtype) for t in tensors_in((args, kwargs)))
    return shapes, repr(mapped(lambda v: None if isinstance(v, torch.Tensor) else v, (args, kwargs)))[:200]


def spread(some: list, cap: int) -> list:
    """At most so many, from all over the list: its end is as likely to be special as its beginning."""
    if len(some) <= cap:
        return some
    return [some[n * (len(some) - 1) // (cap - 1)] for n in range(cap)] if cap > 1 else some[:1]


def mapped_plain(args, kwargs) -> tuple[tuple, dict]:
    """The arguments with each tensor contiguous and without a gradient."""

    def plain(value):
        if not isinstance(value, torch.Tensor):
            return value
        return value.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)

    return mapped(plain, (tuple(args), dict(kwargs)))


def replaced(sample: Sample, values: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Sample:
    """The sample with its first tensors changed."""
    args, kwargs = mapped(
        lambda v: change(v) if isinstance(v, torch.Tensor) and v.dtype == sample.tensors[0].dtype else v,
        (sample.args, sample.kwargs),
    )
    return replace(sample, number=sample.number + 100, args=args, kwargs=kwargs, values=values)


def with_specials(tensor: torch.Tensor) -> torch.Tensor:
    """Every third value is NaN, plus or minus infinity, or zero."""
    flat = tensor.flatten().clone()
    places = torch.arange(1, flat.numel(), 3)
    flat[places] = torch.tensor(SPECIALS, dtype=flat.dtype).repeat(-(-len(places) // 4))[: len(places)]
    return flat.view(tensor.shape)


def with_large(tensor: torch.Tensor) -> torch.Tensor:
    """Whole numbers that float32 cannot hold."""
    return (
        tensor * 0 + torch.randint(2**24, 2**40, tensor.shape) * torch.tensor([1, -1])[torch.randint(2, tensor.shape)]
    )
