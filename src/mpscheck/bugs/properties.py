"""What a trigger may ask of an argument, one entry a word: how it is read, and what it may be compared with.

Most words are properties of a tensor; `value`, `given` and `tensor` are of any argument. A property that an argument
does not have (a dimension that is not there) is None, and no condition on it holds.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any


def layout(tensor) -> str:
    """The layout: contiguous, permuted (dense, in another order), sliced (gaps) or expanded (a stride of 0)."""
    if tensor.is_contiguous():
        return "contiguous"
    sizes_strides = [(size, stride) for size, stride in zip(tensor.shape, tensor.stride()) if size > 1]
    if any(stride == 0 for _, stride in sizes_strides):
        return "expanded"
    dense, expected = True, 1
    for size, stride in sorted(sizes_strides, key=lambda pair: pair[1]):
        dense, expected = dense and stride == expected, expected * size
    return "permuted" if dense else "sliced"


def order(tensor) -> str:
    """The dimensions from the outermost in memory to the innermost, such as `0213`; empty where there are gaps.

    The strides must be the exact ones: also that of a dimension of size 1, at which kernels look as at any other.
    """
    sizes, strides = tensor.shape, tensor.stride()
    dims = sorted(range(tensor.ndim), key=lambda dim: (-strides[dim], -sizes[dim]))
    expected = 1
    for dim in reversed(dims):
        if strides[dim] != expected:
            return ""
        expected *= sizes[dim]
    return "".join(map(str, dims))


def records_gradient(tensor) -> bool:
    """Whether autograd records what is done with it."""
    import torch

    return tensor.requires_grad and torch.is_grad_enabled()


def plain(value) -> bool | int | float | str | None:
    """The value of an argument that is no tensor; what torch has a name for (a dtype, a device) is that name."""
    if is_tensor(value):
        return None
    return value if value is None or isinstance(value, (int, float, str)) else str(value).removeprefix("torch.")


def element(values, dim: int | None):
    """The whole value, or one item of a list; a single number stands for a list of such."""
    if dim is None or not isinstance(values, (list, tuple)):
        return plain(values)
    return plain(values[dim]) if -len(values) <= dim < len(values) else None


def at(numbers, dim: int | None) -> int | None:
    """A size or stride by its dimension; None if there is no such dimension."""
    return numbers[dim] if dim is not None and -len(numbers) <= dim < len(numbers) else None


def extreme(tensor, name: str) -> int | float | None:
    """The largest or smallest value; None of nothing, of complex numbers and where some value is NaN."""
    if not tensor.numel() or tensor.is_complex():
        return None
    found = getattr(tensor.detach().cpu(), name)().item()
    return None if found != found else int(found) if isinstance(found, bool) else found


def is_tensor(value) -> bool:
    """True for a tensor."""
    return hasattr(value, "storage_offset")


def tensors_in_argument(value) -> Iterator:
    """The tensors in an argument or a result: itself, or those in a list, also in lists of them."""
    if is_tensor(value):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in_argument(item)


def has_duplicates(tensor) -> bool:
    """Whether some value is there twice."""
    return tensor.numel() > len(tensor.detach().cpu().flatten().unique())


def has_masked_row(tensor) -> bool:
    """Whether a whole row (of the last dimension) is masked: all false, or all minus infinity."""
    if not tensor.ndim or not tensor.shape[-1]:
        return False
    values = tensor.detach().cpu()
    masked = ~values if str(values.dtype) == "torch.bool" else values == float("-inf")
    return bool(masked.all(-1).any())


PROPERTIES: dict[str, Callable[[Any, int | None, str], Any]] = {
    "layout": lambda t, dim, accelerator: layout(t),
    "order": lambda t, dim, accelerator: order(t),
    "device": lambda t, dim, accelerator: "accel" if t.device.type == accelerator else t.device.type,
    "dtype": lambda t, dim, accelerator: str(t.dtype).removeprefix("torch."),
    "size": lambda t, dim, accelerator: at(t.shape, dim),
    "stride": lambda t, dim, accelerator: at(t.stride(), dim),
    "ndim": lambda t, dim, accelerator: t.ndim,
    "numel": lambda t, dim, accelerator: t.numel(),
    "offset": lambda t, dim, accelerator: t.storage_offset(),
    "itemsize": lambda t, dim, accelerator: t.element_size(),
    "max": lambda t, dim, accelerator: extreme(t, "max"),
    "min": lambda t, dim, accelerator: extreme(t, "min"),
    "shape": lambda t, dim, accelerator: tuple(t.shape),
    "strides": lambda t, dim, accelerator: t.stride(),
    "memory": lambda t, dim, accelerator: t.untyped_storage()._cdata,
    "conj": lambda t, dim, accelerator: t.is_conj(),
    "grad": lambda t, dim, accelerator: records_gradient(t),
    "given": lambda value, dim, accelerator: value is not None,
    "tensor": lambda value, dim, accelerator: None if value is None else is_tensor(value),
    "value": lambda value, dim, accelerator: element(value, dim),
}
TAGS: dict[str, Callable[[Any], bool]] = {
    "neginf": lambda t: t.is_floating_point() and bool((t.cpu() == float("-inf")).any()),
    "inf": lambda t: bool(t.detach().cpu().isinf().any()),
    "nan": lambda t: bool(t.detach().cpu().isnan().any()),
    "zero": lambda t: bool((t.detach().cpu() == 0).any()),
    "duplicates": lambda t: has_duplicates(t),
    "masked-row": lambda t: has_masked_row(t),
    "square": lambda t: t.ndim >= 2 and t.shape[-1] == t.shape[-2],
}
NUMBERS = ("size", "stride", "ndim", "numel", "offset", "itemsize", "max", "min", "value")
WITH_DIM = ("size", "stride")  # `value` may have one too: of a list
ALIKE = ("shape", "strides", "memory")  # compared with that of another argument alone
OF_ANY_ARGUMENT = ("given", "tensor", "value")  # the others are properties of tensors
READS = ("max", "min", "memory")  # known from the tensor itself alone, as most tags are: calls that look alike differ
LOOKS = ("square",)  # the tags that are known from sizes
FLOATS = ("float16", "bfloat16", "float32", "float64")
FLOAT8S = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")
YES_OR_NO = ("grad", "given", "tensor", "conj")
NAMES = {  # words that a property may be compared with; `order` and `value` are compared with more than a few
    "layout": ("contiguous", "permuted", "sliced", "expanded"),
    "device": ("cpu", "accel"),
    "dtype": ("bool", *INTEGERS, *FLOATS, *FLOAT8S, "complex32", "complex64", "complex128"),
    **dict.fromkeys(YES_OR_NO, ("true", "false")),
}
COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, literals: value in literals,
    "multiple-of": lambda value, number: number != 0 and value % number == 0,
    "not-multiple-of": lambda value, number: number != 0 and value % number != 0,
}
WORD_COMPARATORS = ("==", "!=", "in")
