"""The faults of the detection matrix: the catalogue's own, and others of each kind that real bugs were of.

Each is imitated on the emulated device. The second list is chosen so that every check of `validate_mps.py` has faults
that it alone can see, and so that what the IOI check lets pass is shown: those marked (I) were seen to pass it in a
study of the small IOI model.
"""

import torch

from mpscheck import catalogue
from mpscheck.emulation.effects import change
from mpscheck.emulation.faults import Fault, fault, of_bug


def scaled(factor: float):
    """The result, times a factor."""
    return lambda call, run: change(run(call.args), lambda t: t * factor)


def without(*names: str):
    """As if these arguments had not been given."""
    return lambda call, run: run(call.args | dict.fromkeys(names))


def with_values(**values):
    """As if these arguments had these values."""
    return lambda call, run: run(call.args | values)


def noise(size: float):
    """Relative noise of this size on the result, another at each call."""

    def imitate(call, run):
        right = run(call.args)
        drawn = torch.randn(right.shape, generator=_noise).to(right.device, right.dtype)
        return right * (1 + size * drawn)

    return imitate


_noise = torch.Generator().manual_seed(0)


def through(dtype: torch.dtype):
    """The arguments rounded to a narrower dtype."""

    def narrow(value):
        floating = isinstance(value, torch.Tensor) and value.is_floating_point()
        return value.to(dtype).to(value.dtype) if floating else value

    return lambda call, run: run({name: narrow(value) for name, value in call.args.items()})


def stale():
    """The result of the call before, if it has the same shape: a buffer that is used again too early."""
    last: dict[tuple, torch.Tensor] = {}

    def imitate(call, run):
        right = run(call.args)
        before = last.get(tuple(right.shape), right)
        last[tuple(right.shape)] = right
        return before

    return imitate


def one_row_zero(call, run):
    """The second item of a batch stays zero."""
    right = run(call.args)
    if right.ndim < 3 or right.shape[0] < 2:
        return right
    wrong = right.clone()
    wrong[1] = 0
    return wrong


def nan_in_first_position(call, run):
    """NaN at the first position of each sequence of the result."""
    wrong = run(call.args).clone()
    if wrong.ndim == 3:
        wrong[:, 0] = float("nan")
    return wrong


def short_rows_lose_bias(call, run):
    """One row at a time (decoding with a cache) loses the bias, as in pytorch#188438."""
    rows = call.args["mat1"].shape[0]
    return run(call.args | {"beta": 0}) if rows == 1 else run(call.args)


def wrong_gradient_only(call, run):
    """The value is right, its gradient half: a fault of the backward kernel alone."""
    right = run(call.args)
    return (right.detach() + (right - right.detach()) * 0.5) if right.requires_grad else right


GENERAL: list[Fault] = [
    fault("gelu-tanh-is-exact", ["gelu"], with_values(approximate="none")),  # (I)
    fault("tanh-in-half", ["tanh"], through(torch.float16)),  # (I)
    fault("softmax-in-half", ["softmax", "_softmax"], through(torch.float16)),  # (I)
    fault("softmax-sums-to-0.97", ["softmax", "_softmax"], scaled(0.97)),  # (I)
    fault("layer-norm-ignores-bias", ["layer_norm"], without("bias")),  # (I)
    fault("layer-norm-eps-0.01", ["layer_norm"], with_values(eps=1e-2)),  # (I)
    fault("addmm-drops-bias", ["addmm"], with_values(beta=0)),  # (I)
    fault("addmm-noise-1-percent", ["addmm"], noise(0.01)),  # (I)
    fault("addmm-batch-row-zero", ["linear"], one_row_zero),  # (I)
    fault("linear-halves-result", ["linear"], scaled(0.5)),  # (I)
    fault("linear-nan-at-first-position", ["linear"], nan_in_first_position),  # (I)
    fault("addmm-bias-lost-while-decoding", ["addmm"], short_rows_lose_bias),  # (I)
    fault("attention-drops-mask", ["scaled_dot_product_attention"], with_values(is_causal=False, attn_mask=None)),
    fault("attention-stale", ["scaled_dot_product_attention"], stale()),
    fault("attention-scale-1", ["scaled_dot_product_attention"], with_values(scale=1.0)),
    fault("softmax-stale", ["softmax", "_softmax"], stale()),
    fault("embedding-off-by-one", ["embedding"], lambda call, run: run(call.args | {"indices": (call.args["indices"] + 1) % call.args["weight"].shape[0]})),
    fault("where-ignores-strides", ["where"], "ignores-strides(condition)", ["condition.layout != contiguous"]),
    fault("cat-ignores-offset", ["cat"], "ignores-offset(tensors)", ["tensors.offset > 0"]),
    fault("copy-into-slice-unwritten", ["copy"], "unwritten(result)", ["self.layout == sliced"], form="inplace"),
    fault("index-put-unwritten", ["index_put"], "unwritten(result)"),
    fault("tanh-gradient-halved", ["tanh"], wrong_gradient_only),
    fault("layer-norm-gradient-halved", ["layer_norm"], wrong_gradient_only),
    fault("half-sums-in-half", ["addmm", "linear", "matmul"], noise(0.02), ["result.dtype in float16,bfloat16"]),
    fault("noise-each-call", ["layer_norm"], noise(1e-3)),
]  # fmt: skip


def all_faults() -> list[Fault]:
    """The catalogue's faults, then the general ones."""
    return [*(of_bug(bug) for bug in catalogue.load()), *GENERAL]
