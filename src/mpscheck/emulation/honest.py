"""Healthy, but other arithmetic than the CPU's: what `MPSCHECK_EMU=honest` computes.

On a bit-identical device no tolerance can fail. A GPU adds in another order, in pieces, and takes other formulas for
the same function; these do too, so that tolerances are calibrated on something. Everything here gets and returns CPU
tensors in float32 or a half type. In half types PyTorch's documentation (notes on numerical accuracy) has products added in
float32, and on some GPUs the sum on its way cut to the half type "a few" times: so there are FEW pieces there.
"""

import math

import torch
from torch.nn import functional as F

CHUNK = 32  # length of a partial sum, as of a SIMD group on Apple GPUs
FEW = 4  # pieces of a sum in a half type


def _pieces(length: int, dtype: torch.dtype) -> list[slice]:
    step = CHUNK if dtype is torch.float32 else max(CHUNK, math.ceil(length / FEW))
    return [slice(start, start + step) for start in range(0, length, step)] or [slice(0, 0)]


def matmul(a, b):
    """a @ b, the contracted dimension in pieces, added one after the other."""
    if not a.is_floating_point():
        return torch.matmul(a, b)
    pieces = _pieces(a.shape[-1], a.dtype)
    total = torch.matmul(a[..., pieces[0]], b[..., pieces[0], :])
    for piece in pieces[1:]:
        total = total + torch.matmul(a[..., piece], b[..., piece, :])
    return total


def addmm(bias, a, b, *, beta=1, alpha=1):
    product = alpha * matmul(a, b)
    return product if beta == 0 else beta * bias + product


def linear(x, weight, bias=None):
    if x.ndim == 0 or weight.ndim != 2:
        return F.linear(x, weight, bias)
    product = matmul(x, weight.T)
    return product if bias is None else product + bias


def sum_(x, dim=None, keepdim=False, *, dtype=None):
    """The sum over `dim` in pieces, each summed by itself, then added one after the other."""
    if not x.is_floating_point() or (dtype is not None and dtype != x.dtype) or x.ndim == 0:
        return torch.sum(x, dim=dim, keepdim=keepdim, dtype=dtype)
    dims = sorted(d % x.ndim for d in (dim or range(x.ndim)))
    rest = [d for d in range(x.ndim) if d not in dims]
    flat = x.permute(*rest, *dims).reshape(*[x.shape[d] for d in rest], -1)
    total = sum(
        (flat[..., piece].sum(-1) for piece in _pieces(flat.shape[-1], x.dtype)), start=flat.new_zeros(flat.shape[:-1])
    )
    return total.reshape([1 if d in dims else x.shape[d] for d in range(x.ndim)]) if keepdim else total


def mean(x, dim=None, keepdim=False, *, dtype=None):
    if not x.is_floating_point() or not x.numel() or (dtype is not None and dtype != x.dtype):
        return torch.mean(x, dim=dim, keepdim=keepdim, dtype=dtype)
    total = sum_(x, dim, keepdim)
    return total * (total.numel() / x.numel())


def exp(x):
    """exp by the power of two, as GPUs compute it."""
    return torch.exp2(x * math.log2(math.e)) if x.is_floating_point() else torch.exp(x)


def tanh(x):
    """tanh from one exponential."""
    if not x.is_floating_point():
        return torch.tanh(x)
    small = x.abs() < 0.1
    e = exp(-2 * x.abs())
    return torch.where(small, torch.tanh(x), torch.copysign((1 - e) / (1 + e), x))


def gelu(x, *, approximate="none"):
    if approximate == "tanh":
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * torch.special.erfc(-x / math.sqrt(2))


def softmax(x, dim, half_to_float):
    wide = x.float()
    e = exp(wide - wide.amax(dim, keepdim=True))
    result = e / sum_(e, [dim], keepdim=True)
    return result if half_to_float else result.to(x.dtype)


def log_softmax(x, dim, half_to_float):
    wide = x.float()
    shifted = wide - wide.amax(dim, keepdim=True)
    result = shifted - sum_(exp(shifted), [dim], keepdim=True).log()
    return result if half_to_float else result.to(x.dtype)


def layer_norm(x, normalized_shape, weight, bias, eps):
    """native_layer_norm: the normalized tensor, and mean and 1/deviation of each row."""
    wide = x.float()
    dims = list(range(x.ndim - len(normalized_shape), x.ndim))
    center = mean(wide, dims, keepdim=True)
    scale = (mean((wide - center).square(), dims, keepdim=True) + eps).pow(-0.5)
    result = (wide - center) * scale
    if weight is not None:
        result = result * weight.float()
    if bias is not None:
        result = result + bias.float()
    return result.to(x.dtype), center, scale


def attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None, enable_gqa=False):
    """scaled_dot_product_attention by its formula: scores, mask, softmax, weighted sum."""
    if enable_gqa:
        groups = q.shape[-3] // k.shape[-3]
        k, v = k.repeat_interleave(groups, -3), v.repeat_interleave(groups, -3)
    scores = matmul(q * (scale or q.shape[-1] ** -0.5), k.transpose(-2, -1))
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None and attn_mask.dtype is torch.bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    blocked = (scores == float("-inf")).all(-1, keepdim=True)  # without any key: zeros, as on the CPU; NaN stays NaN
    return matmul(softmax(scores, -1, False).masked_fill(blocked, 0.0), v)


def convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    """A convolution as the sum of two, each over half of the input channels."""
    rest = (stride, padding, dilation, transposed, output_padding, groups)
    channels = weight.shape[1]
    if transposed or groups > 1 or channels < 2 or not x.is_floating_point():
        return torch.ops.aten.convolution(x, weight, bias, *rest)
    at = channels // 2
    axis = x.ndim - weight.ndim + 1
    first = torch.ops.aten.convolution(x.narrow(axis, 0, at), weight[:, :at], None, *rest)
    second = torch.ops.aten.convolution(x.narrow(axis, at, channels - at), weight[:, at:], bias, *rest)
    return first + second


HOST_FUNCTIONS = {
    "mm": matmul,
    "bmm": matmul,
    "addmm": addmm,
    "baddbmm": addmm,
    "linear": linear,
    "sum": sum_,
    "sum.dim_IntList": sum_,
    "mean": mean,
    "mean.dim": mean,
    "exp": exp,
    "tanh": tanh,
    "gelu": gelu,
    "_softmax": softmax,
    "_log_softmax": log_softmax,
    "native_layer_norm": layer_norm,
    "scaled_dot_product_attention": attention,
    "convolution_overrideable": convolution,
}
