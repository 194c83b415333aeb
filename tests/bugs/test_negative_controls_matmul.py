"""Bugs of matrix products that no recorded model calls, or whose trigger is wide: the user's call meets them, others do not.

A library that calls the op in the way that the faulty kernel computes rightly is the negative control.
"""

import pytest
import torch

from .matching import count

Z = torch.view_as_complex(torch.arange(24.0).view(3, 4, 2))
HEADS = torch.ones(2, 5, 3, 4).transpose(1, 2)  # batch, head, position, size
WIDE = torch.ones(3, 2, 256)


def attention_of_bloom():
    """The scores of BLOOM: its position bias is the input of `baddbmm`, with a factor of one."""
    from transformers import BloomConfig, BloomModel

    BloomModel(BloomConfig(vocab_size=8, hidden_size=8, n_layer=1, n_head=2))(torch.ones(1, 5).long())


def attention_of_xlnet():
    """The scores of XLNet, which writes its attention as `einsum` of real numbers."""
    from transformers import XLNetConfig, XLNetModel

    XLNetModel(XLNetConfig(vocab_size=8, d_model=8, n_layer=1, n_head=2, d_inner=8))(torch.ones(1, 5).long())


CASES = {  # the user's call, then calls that must not match
    "einsum-conj-ignored": (
        lambda: torch.einsum("ij,ij->i", Z, Z.conj()),
        [attention_of_xlnet, lambda: torch.einsum("ij,ij->i", Z, Z.conj().clone())],
    ),
    "bmm-conj-mh-ignored": (
        lambda: Z[None] @ Z[None].mH,
        [lambda: torch.fft.ifft(Z) @ Z.T, lambda: Z[None] @ Z[None].mT],
    ),
    "mm-conj-ignored": (lambda: Z @ Z.mH, [lambda: Z @ Z.mT, lambda: Z @ Z.mH.resolve_conj()]),
    "baddbmm-beta-zero-nan": (
        lambda: torch.baddbmm(torch.full((2, 1, 1), torch.nan), WIDE[:2, :1], WIDE[:2, :1].mT, beta=0),
        [
            attention_of_bloom,
            lambda: torch.baddbmm(torch.zeros(2, 1, 1), WIDE[:2, :1], WIDE[:2, :1].mT, beta=0),
            lambda: torch.baddbmm(torch.full((2, 1, 1), torch.nan), WIDE[:2, :1], WIDE[:2, :1].mT),  # not ignored
        ],
    ),
    "addmm-complex-large-k": (
        lambda: torch.ones(2, 2049, dtype=torch.complex64) @ torch.ones(2049, 2, dtype=torch.complex64),
        [lambda: torch.ones(2, 2049) @ torch.ones(2049, 2), lambda: Z @ Z.mT],
    ),
    "matmul-permuted-key-2022": (
        lambda: HEADS @ HEADS.transpose(-1, -2),
        [
            lambda: HEADS.contiguous() @ HEADS.contiguous().transpose(-1, -2),
            lambda: torch.ones(2, 3, 5, 5) @ HEADS,  # the values
        ],
    ),
    "linear-bias-dropped-vector-shape-macos26": (
        lambda: torch.nn.Linear(4, 2)(torch.ones(3, 1, 4)),
        [
            lambda: torch.nn.Linear(4, 2)(torch.ones(3, 5, 4)),
            lambda: torch.nn.Linear(4, 2)(torch.ones(1, 4)),
            lambda: torch.nn.Linear(4, 2, bias=False)(torch.ones(3, 1, 4)),
        ],
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_the_call_of_a_user_matches(slug):
    assert count(slug, CASES[slug][0]) > 0


@pytest.mark.parametrize("slug, at", [(slug, at) for slug, (_, others) in CASES.items() for at in range(len(others))])
def test_a_call_that_the_kernel_computes_rightly_does_not(slug, at):
    assert count(slug, CASES[slug][1][at]) == 0
