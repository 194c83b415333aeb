"""Everything that is swept: recipes of our own, which come first, and PyTorch's own OpInfo database with its samples."""

from __future__ import annotations

import zlib
from functools import cache

import torch

from mpscheck.sweep.entries import DTYPES, Entry
from mpscheck.sweep.recipes import recipes

UNINITIALISED = frozenset(
    "empty empty_like empty_strided empty_permuted new_empty new_empty_strided resize_ resize_as_".split()
)
LEFT_OUT = frozenset(  # whose results are free, which need a file or a compiler, or which are no ops of a device
    """to_sparse sparse.mm sparse.sampled_addmm sparse.mm.reduce item equal tolist pca_lowrank svd_lowrank
    nn.functional.rrelu jiterator_unary jiterator_binary jiterator_2inputs_2outputs jiterator_4inputs_with_extra_args
    jiterator_binary_return_by_ref jiterator_unary linalg.lstsq.grad_oriented _segment_reduce.lengths
    _segment_reduce.offsets torch.ops.aten._efficient_attention_forward torch.ops.aten._flash_attention_forward""".split()
)
FIRST = (  # where most known bugs sat; the others follow by their names, stirred by the seed
    "nn.functional.scaled_dot_product_attention nn.functional.linear matmul addmm bmm mm baddbmm nn.functional.conv "
    "nn.functional.layer_norm nn.functional.batch_norm softmax log_softmax index scatter gather copy masked where cat "
    "triu tril sort topk cumsum max min arg add mul div sub clamp nn.functional"
).split()


def of_opinfo(info) -> Entry:
    """An entry of OpInfo's."""
    from torch.testing._internal.opinfo import core

    function, in_place, name = info.op, info.inplace_variant, full_name(info)
    elementwise = isinstance(info, (core.UnaryUfuncInfo, core.BinaryUfuncInfo, core.ReductionOpInfo))

    def call(device, *args, **kwargs):
        return function(*args, **{k: device if k == "device" else v for k, v in kwargs.items()})

    def draw(dtype):
        for sample in info.sample_inputs("cpu", dtype, requires_grad=False):
            yield (sample.input, *sample.args), sample.kwargs

    dtypes = tuple(name for name in DTYPES if getattr(torch, name) in info.dtypes)
    differentiable = tuple(n for n in ("float32",) if info.supports_autograd and n in dtypes)
    return Entry(
        name,
        info.name,
        call,
        dtypes,
        draw,
        in_place=in_place,
        out=bool(info.supports_out),
        backward=differentiable,
        specials=elementwise,
        whole=not name.startswith("as_strided"),  # whose result follows from the memory, not from the values
    )


def full_name(info) -> str:
    """Its name with that of its variant."""
    return info.name + (f".{info.variant_test_name}" if info.variant_test_name else "")


@cache
def all_entries() -> dict[str, Entry]:
    """Everything that is swept, by name: our own recipes, then PyTorch's."""
    from torch.testing._internal.common_methods_invocations import op_db

    theirs = [of_opinfo(info) for info in op_db if info.name not in UNINITIALISED | LEFT_OUT]
    return {entry.name: entry for entry in (*recipes(), *theirs)}


def in_order(names: list[str], seed: int) -> list[str]:
    """By danger: our own recipes, the ops where most known bugs sat, then the rest in an order that the seed gives."""

    def rank(name: str) -> tuple:
        if name.startswith("own/"):
            return 0, 0, 0
        first = next((n for n, start in enumerate(FIRST) if name.startswith(start)), len(FIRST))
        return 1, first, zlib.crc32(f"{name} {seed}".encode())

    return sorted(names, key=rank)
