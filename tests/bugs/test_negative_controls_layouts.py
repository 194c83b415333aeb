"""Triggers about layouts, norms and sorting held against library calls: the user's call must match, those must not."""

import pytest
import torch
import torch.nn.functional as F

from .matching import count

DEVICE = "cpu"  # plays the part of `mps`, where the device of an argument matters
SCORES = torch.arange(48.0).view(1, 3, 4, 4)  # batch, head, query, key
MASK = torch.ones(1, 1, 9, 9).bool().tril()  # the buffer of GPT-2
PICTURES = torch.ones(2, 3, 4, 4)
KEYS = torch.arange(2**24, 2**24 + 4)


def cached_activations_normalised(needs_gradient=False):
    """The gradients of a norm's own parameters; the input is cached, or comes from a layer that is trained too."""
    norm, x = torch.nn.LayerNorm(4), torch.ones(3, 4, requires_grad=needs_gradient)
    norm(x).square().sum().backward()


def step_of_a_convolutional_network():
    """Training on pictures in the plain order."""
    torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))(PICTURES).square().sum().backward()


def tokens_as_a_map(tokens):
    """Tokens of one picture, without the class token, as a map in the order channels last."""
    return tokens[:, 1:].reshape(1, 4, 4, 3).permute(0, 3, 1, 2)


def top_p_of_transformers():
    """Top-p sampling, which sorts the logits of each prompt."""
    from transformers import TopPLogitsWarper

    return TopPLogitsWarper(0.9)(torch.ones(2, 3, dtype=torch.int64), torch.rand(2, 300))


def spatial_transformer():
    """The grid that `F.affine_grid` makes, as its documentation uses it; in two dimensions and in three."""
    F.grid_sample(PICTURES, F.affine_grid(torch.ones(2, 2, 3), [2, 3, 4, 4], False), align_corners=False)
    volumes = torch.ones(2, 3, 4, 4, 4)
    F.grid_sample(volumes, F.affine_grid(torch.ones(2, 3, 4), [2, 3, 4, 4, 4], False), align_corners=False)


CASES = {  # the user's call, then library calls that must not match
    "where-noncontiguous-cond": (
        lambda: torch.where(MASK[0, 0].T, torch.ones(9, 9), 0.0),
        [
            lambda: torch.where(MASK[:, :, 5:9, :4], SCORES, torch.tensor(-1e9)),  # as GPT-2 masks
            lambda: torch.where(MASK[0, 0]),  # positions, no choice
            lambda: torch.where(MASK[:, :, :4, :4].expand(1, 3, 4, 4), SCORES, 0.0),
        ],
    ),
    "expand-uint8-zero": (
        lambda: torch.ones(2, 1, dtype=torch.uint8).expand(2, 3),
        [lambda: torch.ones(2, 1, dtype=torch.int8).expand(2, 3), lambda: MASK.expand(2, 3, 9, 9)],
    ),
    "expand-bool-wrong": (
        lambda: MASK[0, 0, :, :1].expand(9, 9),
        [lambda: MASK.expand(1, 1, 9, 9), lambda: MASK.float().expand(2, 3, 9, 9)],
    ),
    "uint8-permute-zeros": (
        lambda: torch.ones(4, 5, 3, dtype=torch.uint8).permute(2, 0, 1),
        [lambda: torch.ones(4, 5, 3).permute(2, 0, 1), lambda: torch.ones(4, 5, 3, dtype=torch.uint8).permute(0, 1, 2)],
    ),
    "softmax-sliced-input-zeros": (
        lambda: SCORES[..., :2][..., 0],
        [lambda: SCORES[..., 0], lambda: SCORES[:, :, -1], lambda: SCORES[:, 1:][:, 0]],
    ),
    "unary-op-out-strided": (
        lambda: torch.neg(SCORES[0, 0], out=torch.empty(4, 4).T),
        [
            lambda: torch.neg(SCORES[0, 0].T),
            lambda: torch.exp(SCORES[0, 0].T, out=torch.empty(4, 4).T),
            lambda: SCORES.clone().neg_(),
        ],
    ),
    "unary-strided-out-copy": (
        lambda: torch.sqrt(SCORES[0, 0, ::2, ::2], out=torch.empty(4, 4)[::2, ::2]),
        [
            lambda: torch.sqrt(SCORES[0, 0, ::2, ::2]),
            lambda: torch.sqrt(SCORES[0, 0], out=torch.empty(4, 4)),
            lambda: torch.optim.Adam([torch.nn.Parameter(torch.ones(3))], foreach=False).step(),
        ],
    ),
    "lgamma-expanded-inf": (
        lambda: torch.distributions.Gamma(torch.ones(3, 1), torch.ones(3, 4)).log_prob(torch.ones(3, 4)),
        [
            lambda: torch.distributions.Gamma(torch.ones(3, 4), torch.ones(3, 4)).log_prob(torch.ones(3, 4)),
            lambda: torch.lgamma(torch.ones(())),
        ],
    ),
    "flip-size-1-dim-flips-other": (
        lambda: torch.ones(1, 3).flip(0),
        [lambda: torch.ones(1, 3).flip(1), lambda: torch.ones(2, 3).flip([0, 1]), lambda: torch.ones(1, 1).flip(0)],
    ),
    "grid-sample-3d-noncontiguous-grid": (
        lambda: F.grid_sample(
            torch.ones(1, 2, 3, 4, 4), torch.ones(1, 3, 3, 4, 4).permute(0, 2, 3, 4, 1), align_corners=False
        ),
        [
            spatial_transformer,
            lambda: F.grid_sample(PICTURES, torch.ones(2, 2, 4, 4).permute(0, 2, 3, 1), align_corners=False),
        ],
    ),
    "grid-sample-channels-last": (
        lambda: F.grid_sample(
            PICTURES.to(memory_format=torch.channels_last), torch.ones(2, 2, 4, 2), align_corners=False
        ),
        [
            spatial_transformer,
            lambda: F.grid_sample(PICTURES, torch.ones(2, 2, 4, 4)[..., :2], align_corners=False),
        ],
    ),
    "layer-norm-backward-frozen-input": (
        cached_activations_normalised,
        [lambda: cached_activations_normalised(needs_gradient=True)],
    ),
    "layer-norm-small-variance": (
        lambda: F.layer_norm(SCORES / 1e5, (4,), eps=1e-12),
        [
            lambda: F.layer_norm(SCORES, (4,)),
            lambda: F.layer_norm(0.02 * torch.randn(8, 64), (64,)),
        ],  # GPT-2's embeddings
    ),
    "layer-norm-noncontiguous-bias": (
        lambda: F.layer_norm(SCORES, (4,), bias=torch.ones(4, 2)[:, 0]),
        [
            lambda: torch.nn.LayerNorm(4)(SCORES.transpose(1, 2)),
            lambda: F.layer_norm(SCORES, (4,), bias=torch.ones(2, 4)[1]),
        ],
    ),
    "batchnorm-backward-channelslast": (
        lambda: torch.nn.BatchNorm2d(3)(PICTURES.to(memory_format=torch.channels_last)).square().sum().backward(),
        [step_of_a_convolutional_network],
    ),
    "batchnorm-incorrect-gradient-28": (
        lambda: torch.nn.BatchNorm1d(3)(torch.ones(4, 3, 5)).square().sum().backward(),  # the first layer
        [step_of_a_convolutional_network],
    ),
    "batchnorm-sliced-input": (
        lambda: torch.nn.BatchNorm2d(3)(PICTURES[1:]),
        [lambda: torch.nn.BatchNorm2d(3)(PICTURES[:1]), lambda: torch.nn.BatchNorm2d(2)(PICTURES[:, 1:])],
    ),
    "batchnorm2d-channelslast-offset": (
        lambda: torch.nn.BatchNorm2d(3)(torch.ones(1, 17, 3)[:, 1:].unflatten(1, (4, 4)).permute(0, 3, 1, 2)),
        [
            lambda: torch.nn.BatchNorm2d(3)(torch.ones(2, 4, 4, 3)[1].permute(2, 0, 1)[None]),
            lambda: torch.nn.BatchNorm2d(3)(tokens_as_a_map(torch.ones(1, 17, 3)).contiguous()),
            lambda: torch.nn.BatchNorm2d(3)(PICTURES.to(memory_format=torch.channels_last)),
            lambda: torch.nn.BatchNorm2d(3)(PICTURES[1:]),
        ],
    ),
    "compare-two-slices": (
        lambda: KEYS[2:] >= KEYS[:2],
        [lambda: KEYS[2:].clone() >= KEYS[:2], lambda: PICTURES[..., 1:] > PICTURES[..., :3]],
    ),
    "cat-channels-last-wrong": (
        lambda: torch.cat([PICTURES.to(memory_format=torch.channels_last)] * 2, dim=1),
        [lambda: torch.cat([PICTURES] * 2, dim=1), lambda: torch.cat([SCORES[..., 2:], SCORES[..., :2]], dim=-1)],
    ),
    "sort-int64-after-256th-zero": (
        lambda: torch.arange(300).sort(),
        [top_p_of_transformers, lambda: torch.arange(300).view(3, 100).sort(), lambda: torch.arange(300).int().sort()],
    ),
    "topk-over-16-zeros": (lambda: torch.arange(50.0).topk(20), [lambda: torch.arange(50.0).topk(16)]),
    "unique-inverse-int64-over-2e24": (
        lambda: torch.unique(KEYS, return_inverse=True),
        [
            lambda: torch.unique(KEYS),
            lambda: torch.unique(KEYS - 2**24, return_inverse=True),
            lambda: torch.unique(KEYS.int(), return_inverse=True),
        ],
    ),
    "unique-multi-dim-drops-values": (
        lambda: torch.tensor([[0, 1, 2]]).unique_consecutive(),
        [
            lambda: torch.tensor([0, 1]).unique(),
            lambda: torch.tensor([[0], [1]]).unique(),
            lambda: torch.tensor([[0, 1, 2]]).unique_consecutive(dim=0),
        ],
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_the_call_of_a_user_matches(slug):
    assert count(slug, CASES[slug][0], DEVICE) > 0


@pytest.mark.parametrize(
    "slug, number", [(slug, at) for slug, (_, others) in CASES.items() for at in range(len(others))]
)
def test_the_plain_call_of_a_library_does_not(slug, number):
    assert count(slug, CASES[slug][1][number], DEVICE) == 0
