"""Ways to compute the same otherwise, without a second model: in float64, with other roundings, with the same draws."""

from __future__ import annotations

from itertools import repeat

import torch
from torch.overrides import TorchFunctionMode

from mpscheck.runs.outputs import INDICES

WIDE = 4096  # columns of a matrix that are widened to float64 at a time
SHAKE = 4.0  # how many times the usual error of one rounding `Shaken` changes a number by
DROPS = ("dropout", "dropout1d", "dropout2d", "dropout3d")
RANDOM = {
    *DROPS, "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "normal_",
    "uniform_", "random_", "exponential_", "geometric_", "cauchy_", "log_normal_", "bernoulli", "bernoulli_", "poisson",
    "multinomial", "alpha_dropout", "feature_alpha_dropout", "rrelu", "gumbel_softmax",
}  # fmt: skip


class Float64(TorchFunctionMode):
    """Inside, each torch function works in float64, whatever dtype its arguments have or the model's code casts to.

    So the weights are widened for one operation at a time, and no second model is needed.
    """

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function.__name__
        # an attribute, such as weight.dtype; some rows of a table are widened, not all of it
        if name in ("__get__", "__getitem__", "embedding"):
            return cast(function(*args, **kwargs))
        if name == "grad":  # what it is asked of is in float64, what it is asked in is the model's own
            return function(*args, **kwargs)
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


class Shaken(TorchFunctionMode):
    """Inside, each new result is changed by some roundings, and what has no order of its own comes in another one.

    So the CPU shows what a healthy device may give where a small error decides: at the kink of a ReLU, between two
    equal experts. Whole numbers stay as they are. Numbers 0 and 1, 2 and 3, … change everything in opposite ways.
    """

    def __init__(self, number):
        super().__init__()
        self.sign, self.draws = (-1) ** number, torch.Generator().manual_seed(number // 2)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function.__name__
        if name in INDICES and not kwargs.get("stable"):
            return self.reordered(name, function, args, kwargs)
        result = function(*args, **kwargs)
        old = {memory(value) for value in (*args, *kwargs.values())} - {None}
        new = lambda value: self.shaken(value) if memory(value) not in old else value  # noqa: E731
        if name != "grad" and type(result) is tuple:
            return tuple(map(new, result))
        return new(result) if type(result) is torch.Tensor else result

    def shaken(self, value):
        if memory(value) is None or not value.is_floating_point():
            return value
        noise = torch.randn(value.shape, generator=self.draws).to(value.dtype) * (value != value.detach().round())
        return value * (1 + self.sign * SHAKE * torch.finfo(value.dtype).eps / 4 * noise)

    def reordered(self, name, function, args, kwargs):
        """The same of the values in another order, with the places where they were: of equal ones another is taken."""
        at = 2 if name in ("topk", "kthvalue") else 1
        dim = kwargs.get("dim", args[at] if len(args) > at else None if "median" in name else -1)
        if dim is None or not args or not args[0].ndim:
            return function(*args, **kwargs)
        order = torch.randperm(args[0].shape[dim], generator=self.draws)
        order = order if self.sign > 0 else order.flip(0)
        result = function(args[0].index_select(dim, order), *args[1:], **kwargs)
        return order[result] if name == "argsort" else type(result)((result[0], order[result[1]]))


def memory(value):
    """Where the numbers of a tensor are, the same for its views; None for anything else."""
    return (
        value.untyped_storage().data_ptr()
        if isinstance(value, torch.Tensor) and value.layout is torch.strided
        else None
    )


class SameDraws(TorchFunctionMode):
    """Inside, random numbers are drawn on the CPU in float32: the same on each device and in each dtype."""

    def __init__(self):
        super().__init__()
        self.state = torch.get_rng_state()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = dict(kwargs or {}), function.__name__
        if name not in RANDOM:
            return function(*args, **kwargs)
        like = next((value for value in args if isinstance(value, torch.Tensor)), torch.empty(0))
        device, dtype = kwargs.pop("device", like.device), kwargs.pop("dtype", None) or like.dtype
        if not dtype.is_floating_point:
            kwargs["dtype"] = dtype
        narrow = lambda v: cast(v, torch.float32).cpu() if isinstance(v, torch.Tensor) else v  # noqa: E731
        outside = torch.get_rng_state()
        torch.set_rng_state(self.state)
        drawn = function(*([torch.ones(like.shape), *args[1:]] if name in DROPS else map(narrow, args)), **kwargs)
        self.state = torch.get_rng_state()
        torch.set_rng_state(outside)
        drawn = drawn.to(device, dtype) if drawn.is_floating_point() else drawn.to(device)
        return like * drawn if name in DROPS else like.copy_(drawn) if name.endswith("_") else drawn
