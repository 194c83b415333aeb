"""The reference: the model's own code on the CPU with each operation in float64, without a second model."""

from __future__ import annotations

from itertools import repeat

import torch
from torch.overrides import TorchFunctionMode

WIDE = 4096  # columns of a matrix that are widened to float64 at a time


class Float64(TorchFunctionMode):
    """Inside, each torch function works in float64, whatever dtype its arguments have or the model's code casts to.

    So the weights are widened for one operation at a time, and no second model is needed.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function.__name__
        # an attribute, such as weight.dtype; some rows of a table are widened, not all of it
        if name in ("__get__", "__getitem__", "embedding"):
            return cast(function(*args, **kwargs))
        if name in ("linear", "addmm", "matmul") and not kwargs:
            x, size = (args[0], args[1].shape[0]) if name == "linear" else (args[-2], args[-1].shape[-1])
            if size > WIDE and size not in x.shape:  # such as the output matrix: a part after the other
                shapes = [getattr(value, "shape", ()) for value in args]
                parts = [v.split(WIDE, s.index(size)) if size in s else repeat(v) for v, s in zip(args, shapes)]
                return torch.cat([function(*cast(part)) for part in zip(*parts)], -1)
        function = torch.Tensor.double if function is torch.Tensor.float else function
        for dtype in (torch.float64, torch.float32):
            copies = []
            try:
                result = function(*cast(args, dtype, copies), **cast(kwargs, dtype, copies))
                break
            except RuntimeError:  # some functions have no float64, such as those for experts
                if dtype is torch.float32:
                    raise
        for original, copied in copies:
            if copied._version:  # it was written to
                original.data.copy_(copied.data)
        return cast(result)


def cast(value, dtype=torch.float64, copies=None):
    """The value with all that is floating in it, also dtypes, as `dtype`; `copies` collects (tensor, its copy)."""
    if isinstance(value, torch.dtype):
        return dtype if value.is_floating_point else value
    if isinstance(value, torch.Tensor) and value.is_floating_point() and value.dtype is not dtype:
        copied = value.to(dtype)
        if copies is not None:
            copies.append((value, copied))
        return copied
    if isinstance(value, dict):
        return {name: cast(part, dtype, copies) for name, part in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(cast(part, dtype, copies) for part in value)
    return value
