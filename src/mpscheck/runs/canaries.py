"""Calls that are right on every healthy device: a machine that fails one of them gives no verdict. `fitness` reads them.

All operands are small, contiguous and float32, and no known bug of torch is about such calls; those of a machine are
(`linear`: pytorch#192934 and pytorch#188438, on virtual Macs). Imports torch only where it computes: pages read the table. For Python 3.9 and torch 2.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mpscheck.runs import worker


@dataclass(frozen=True)
class Canary:
    """One known-good call, in the shape of a snippet: `inputs` and `compute`."""

    name: str
    said: str  # what it does, as a page says it
    compute: Callable
    shapes: tuple[tuple[int, ...], ...] = ()  # of the inputs
    stands_for: tuple[str, ...] = ()  # ops as triggers name them, and modules as `Check.called` does; none: the machine

    def inputs(self) -> tuple:
        """Normal numbers of a fixed seed."""
        import torch

        draw = torch.Generator().manual_seed(0)
        return tuple(torch.randn(shape, generator=draw) for shape in self.shapes)


def _zeros(device):
    import torch

    return torch.zeros(1000, device=device)


def _linear(device, *operands):
    """`linear` of input and weight, or input, weight and bias, for as many of these as there are."""
    from torch.nn.functional import linear

    return tuple(linear(*(t.to(device) for t in operands[n : n + 3])) for n in range(0, len(operands), 3))


def _linear_without_bias(device, x, w):
    from torch.nn.functional import linear

    return linear(x.to(device), w.to(device))


def _products(device, a, b, c, many, others):
    a, b, c = a.to(device), b.to(device), c.to(device)
    return a @ b, c.addmm(a, b), many.to(device).bmm(others.to(device))


def _solve(device, a, b):
    import torch

    return torch.linalg.solve(a.to(device) + 9 * torch.eye(len(a)).to(device), b.to(device))  # far from singular


def _layer_norm(device, x, w, b):
    from torch.nn.functional import layer_norm

    return layer_norm(x.to(device), x.shape[-1:], w.to(device), b.to(device))


def _attention(device, q, k, v):
    from torch.nn.functional import scaled_dot_product_attention

    return scaled_dot_product_attention(q.to(device), k.to(device), v.to(device))


def _convolutions(device, line, of_line, plane, of_plane):
    from torch.nn.functional import conv1d, conv2d

    return conv1d(line.to(device), of_line.to(device)), conv2d(plane.to(device), of_plane.to(device))


def _gelu(device, x):
    from torch.nn.functional import gelu

    return gelu(x.to(device))


def _views(device, x):
    x = x.to(device)
    return x.transpose(0, 1).contiguous(), x[:, ::2].clone()


def _joined(device, x, y):
    import torch

    x, y = x.to(device), y.to(device)
    return torch.cat([x, y]), torch.stack([x, y])


MACHINE = (
    Canary("allocation", "allocate memory and fill it", _zeros),
    Canary("copy", "copy to the device and back", lambda device, x: x.to(device), ((64, 33),)),
    Canary("kernel-build", "build and run a kernel (sin)", lambda device, x: x.to(device).sin(), ((64, 33),)),
    Canary("add", "add two tensors", lambda device, x, y: x.to(device) + y.to(device), ((64, 33), (64, 33))),
)
OPS = (
    Canary("linear-2d-bias", "F.linear, 2-D input, bias", _linear, ((64, 128), (96, 128), (96,)), ("linear",)),
    Canary("linear-3d", "F.linear, 3-D input, no bias", _linear_without_bias, ((2, 64, 128), (96, 128)), ("linear",)),
    Canary(
        "linear-3d-bias",
        "F.linear, 3-D input, bias",
        _linear,
        (
            *((2, 64, 128), (384, 128), (384,)),  # pytorch#192934
            *((80, 1, 2), (192, 2), (192,)),  # pytorch#188438
            *((1, 15, 768), (768, 768), (768,)),  # GPT-2
        ),
        ("linear", "multihead_attention"),
    ),
    Canary(
        "matmul",
        "matrix products: @, addmm, bmm",
        _products,
        ((48, 40), (40, 56), (48, 56), (2, 48, 40), (2, 40, 56)),
        ("matmul", "mm", "addmm", "bmm", "baddbmm", "einsum", "lstm", "gru"),
    ),
    Canary("solve", "torch.linalg.solve", _solve, ((6, 6), (6, 2)), ("linalg_solve", "solve")),  # kornia#4207
    Canary("softmax", "softmax", lambda device, x: x.to(device).softmax(-1), ((4, 7, 65),), ("softmax", "log_softmax")),
    Canary(
        "layer-norm",
        "layer_norm with weight and bias",
        _layer_norm,
        ((4, 7, 96), (96,), (96,)),
        ("layer_norm", "native_layer_norm"),
    ),
    Canary(
        "attention",
        "scaled_dot_product_attention",
        _attention,
        ((1, 4, 12, 16), (1, 4, 12, 16), (1, 4, 12, 16)),
        ("scaled_dot_product_attention", "multihead_attention"),
    ),
    Canary(
        "convolution",
        "conv1d and conv2d",
        _convolutions,
        ((2, 3, 11), (5, 3, 3), (2, 3, 9, 11), (5, 3, 3, 3)),
        ("convolution", "conv1d", "conv2d", "conv3d"),
    ),
    Canary("view-copy", "copy a transposed and a sliced view", _views, ((33, 64),), ("contiguous", "clone")),
    Canary("cat", "cat and stack", _joined, ((5, 33), (5, 33)), ("cat", "stack")),
    Canary(
        "mul", "multiply two tensors", lambda device, x, y: x.to(device) * y.to(device), ((64, 33), (64, 33)), ("mul",)
    ),
    Canary("sum", "sum of the rows", lambda device, x: x.to(device).sum(-1), ((64, 129),), ("sum", "mean")),
    Canary("gelu", "gelu", _gelu, ((64, 33),), ("gelu",)),
    Canary(
        "sort", "sort the rows", lambda device, x: x.to(device).sort(-1)[0], ((16, 65),), ("sort", "argsort", "msort")
    ),
)
TABLE = {canary.name: canary for canary in (*MACHINE, *OPS)}
NAMES = tuple(TABLE)


def run_canaries(device: str, names: Iterable[str] = NAMES) -> list[dict]:
    """Make these calls in this process: for each its name and an attempt, as run files hold them. Never raises."""
    return [{"name": name, "attempt": _attempt(device, TABLE[name])} for name in names]


def _attempt(device: str, canary: Canary) -> dict:
    def measuring():
        from mpscheck.runs.measure import measured

        return measured(canary, ("compute",), device, "float32")

    return worker.attempt(measuring)
