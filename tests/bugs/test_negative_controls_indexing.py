"""Triggers about indices and masks held against calls of libraries: the user's call must match, the plain one must not.

Some of the users' calls raise on the CPU: they are matched before they do.
"""

from contextlib import suppress

import pytest
import torch
import torch.nn.functional as F

from .matching import count

IDS = torch.tensor([0, 2])
TABLE = torch.ones(4, 3)


def cache_of_transformers():
    """A static cache, which copies new keys and values to their positions with `index_copy_`."""
    from transformers import GPT2Config, StaticCache

    config = GPT2Config(n_embd=8, n_layer=1, n_head=2, n_positions=8)
    key = torch.ones(1, 2, 3, 4)
    StaticCache(config=config, max_cache_len=8).update(key, key, 0, {"cache_position": torch.arange(3)})


def gradient_of_index_select():
    """The gradient of `index_select`, which is an `index_add` into new zeros."""
    table = TABLE.clone().requires_grad_()
    table.index_select(0, IDS).sum().backward()


def experts_of_switch_transformers():
    """A mixture of experts that marks with `one_hot` which token goes where."""
    from transformers.models.switch_transformers.modeling_switch_transformers import (
        SwitchTransformersConfig,
        SwitchTransformersSparseMLP,
    )

    SwitchTransformersSparseMLP(SwitchTransformersConfig(d_model=4, d_ff=8, num_experts=2))(torch.ones(1, 3, 4))


def top_k_of_transformers():
    """Top-k sampling, which rules the other logits out with `masked_fill`."""
    from transformers import TopKLogitsWarper

    TopKLogitsWarper(1)(torch.ones(3, 2, dtype=torch.int64), torch.eye(3))


def suppressed(logits, value):
    """Top-k sampling as nanoGPT writes it: what lies below the threshold takes a value through a mask."""
    largest, _ = torch.topk(logits, 1)
    logits[logits < largest[..., [-1]]] = value


def bag_of_words(**more):
    """`nn.EmbeddingBag` as text classifiers call it: one list of ids, and where each text begins."""
    torch.nn.EmbeddingBag(4, 3, **more)(torch.tensor([0, 1, 3, 3]), torch.tensor([0, 2, 4][: 2 + len(more)]))


def bool_add(offset, dtype=torch.bool):
    """Marks two elements of a view that begins at `offset`."""
    return torch.zeros(16, dtype=dtype)[offset:].scatter_add_(0, IDS, torch.ones(2, dtype=dtype))


def half_put(offset, dtype=torch.float16, accumulate=True):
    """Adds two numbers into a view that begins at `offset`."""
    torch.zeros(16, dtype=dtype)[offset:].index_put_((IDS,), torch.ones(2, dtype=dtype), accumulate=accumulate)


BAG_OF_WORDS = [bag_of_words, lambda: bag_of_words(include_last_offset=True)]
SUMS = torch.zeros(2, 4)
CASES = {  # the user's call, then library calls that must not match
    "scatter-add-offset-slice-noop": (
        lambda: SUMS.clone()[1].scatter_add_(0, IDS, torch.ones(2)),
        [
            lambda: SUMS.clone().scatter_add_(1, IDS.expand(2, 2), torch.ones(2, 2)),
            lambda: SUMS[1].scatter_add(0, IDS, torch.ones(2)),  # into new memory
        ],
    ),
    "scatter-after-permute-zero": (
        lambda: torch.zeros_like(TABLE.T).scatter_(1, IDS.expand(3, 2), 1.0),
        [
            experts_of_switch_transformers,
            lambda: TABLE.T.scatter(1, IDS.expand(3, 2), 1.0),
            lambda: torch.zeros(3, 4).scatter_(1, IDS[:, None].expand(2, 3).T, TABLE.T),  # index and values are views
        ],
    ),
    "bool-accumulate-misaligned-view": (
        lambda: bool_add(1),
        [
            lambda: bool_add(0),
            lambda: bool_add(8),
            lambda: bool_add(1, torch.uint8),
            lambda: torch.zeros(9, dtype=torch.bool)[1:].index_put_((IDS,), torch.tensor(True)),  # x[1:][ids] = True
        ],
    ),
    "index-put-accumulate-misaligned-half": (
        lambda: half_put(1),
        [lambda: half_put(2), lambda: half_put(1, torch.float32), lambda: half_put(1, accumulate=False)],
    ),
    "index-reduce-misaligned-half-noop": (
        lambda: torch.zeros(5).half()[1:].index_reduce_(0, IDS, torch.ones(2).half(), "amax"),
        [
            lambda: torch.zeros(5)[1:].index_reduce_(0, IDS, torch.ones(2), "amax"),
            lambda: torch.zeros(4).half().index_reduce_(0, IDS, torch.ones(2).half(), "amax"),
        ],
    ),
    "embedding-bag-last-offset-ignored": (
        lambda: F.embedding_bag(IDS, TABLE, torch.tensor([0, 1]), mode="sum", include_last_offset=True),
        BAG_OF_WORDS,
    ),
    "embedding-bag-index-equal-size": (lambda: F.embedding_bag(IDS[None] * 2, TABLE), BAG_OF_WORDS),
    "embedding-bag-out-of-range": (lambda: F.embedding_bag(IDS[None] * 3, TABLE), BAG_OF_WORDS),
    "embedding-bag-negative-zero": (lambda: F.embedding_bag(IDS[None] - 1, TABLE), BAG_OF_WORDS),
    "embedding-bag-offsets-not-validated": (lambda: F.embedding_bag(IDS, TABLE, torch.tensor([1])), BAG_OF_WORDS),
    "index-copy-scalar": (
        lambda: torch.tensor(1.0).index_copy(0, torch.tensor([0]), torch.ones(1)),
        [cache_of_transformers, lambda: torch.ones(1).index_copy(0, torch.tensor([0]), torch.ones(1))],
    ),
    "masked-scatter-0d-shape": (
        lambda: torch.tensor(1.0).masked_scatter(torch.tensor(True), torch.ones(1)),
        [lambda: TABLE.masked_scatter(TABLE > 0, torch.zeros(4, 3))],  # image features among those of the words
    ),
    "mask-equal-assign-wrong-element": (
        lambda: suppressed(torch.eye(3), 0.0),
        [top_k_of_transformers, lambda: suppressed(torch.eye(3)[0], 0.0), lambda: TABLE.clone()[IDS].fill_(0.0)],
    ),
    "topk-threshold-mask-assign-wrong-entry": (
        lambda: suppressed(torch.eye(3), float("-inf")),
        [top_k_of_transformers, lambda: suppressed(torch.eye(3)[0], float("-inf"))],
    ),
    "index-copy-out-of-range-writes": (
        lambda: torch.zeros(2).index_copy_(0, IDS, torch.ones(2)),
        [cache_of_transformers],
    ),
    "index-fill-out-of-range-writes": (
        lambda: torch.zeros(2).index_fill_(0, IDS, 1.0),
        [lambda: TABLE.index_fill(0, IDS, 0.0), lambda: TABLE.index_fill(-1, -IDS, 0.0)],  # negative ones are valid
    ),
    "index-reduce-out-of-range-writes": (
        lambda: torch.zeros(2).index_reduce_(0, IDS, torch.ones(2), "amax"),
        [lambda: TABLE.index_reduce(0, IDS, TABLE[:2], "amax")],
    ),
    "index-add-half-zero": (
        lambda: TABLE.half().index_add(0, IDS, TABLE[:2].half()),
        [gradient_of_index_select, lambda: TABLE.bfloat16().index_add(0, IDS, TABLE[:2].bfloat16())],
    ),
    "index-add-permuted-noop-macos14": (
        lambda: torch.zeros(3, 4).T.index_add_(0, IDS, TABLE[:2]),
        [
            gradient_of_index_select,
            lambda: torch.zeros(4, 3).index_add_(0, IDS, torch.ones(3, 2).T),  # what is added is a view
            lambda: torch.zeros(3, 4).T.long().index_add_(0, IDS, TABLE[:2].long()),
        ],
    ),
    "index-add-complex-imag-lost": (
        lambda: TABLE.to(torch.complex64).index_add(0, IDS, TABLE[:2].to(torch.complex64)),
        [gradient_of_index_select],
    ),
    "tril-inf-nan": (
        lambda: torch.full((3, 3), float("-inf")).tril(-1),
        [
            lambda: torch.ones(3, 3, dtype=torch.bool).tril(),  # GPT-2's causal mask
            lambda: torch.full((3, 3), float("-inf")).tril(),
            lambda: torch.ones(3, 3).tril(-1),
            lambda: torch.nn.Transformer.generate_square_subsequent_mask(3),
        ],
    ),
    "triangular-wrong-over-3d": (
        lambda: torch.ones(2, 3, 5, 5).tril(),
        [
            lambda: torch.ones(5, 5).tril().view(1, 1, 5, 5),  # GPT-2's causal mask
            lambda: torch.full((1, 1, 5, 5), float("-inf")).triu(1),  # as in older code for Llama
            lambda: torch.ones(3, 5, 5).tril(),
        ],
    ),
    "masked-log-softmax-nan-vs-zero": (
        lambda: torch.masked.log_softmax(torch.tensor(1.0).half(), 0, mask=torch.tensor(False)),
        [
            lambda: torch.masked.log_softmax(TABLE.half(), 1, mask=torch.eye(4, 3) > -1),
            lambda: F.log_softmax(TABLE.half(), dim=-1),
            lambda: F.log_softmax(torch.full((4, 3), float("-inf")), dim=-1),
        ],
    ),
    "grid-sample-3d-nan-grid": (
        lambda: F.grid_sample(
            torch.ones(1, 1, 2, 2, 2), torch.full((1, 1, 1, 1, 3), float("nan")), align_corners=False
        ),
        [
            lambda: F.grid_sample(torch.ones(1, 1, 2, 2, 2), F.affine_grid(torch.eye(3, 4)[None], (1, 1, 2, 2, 2))),
            lambda: F.grid_sample(torch.ones(1, 1, 2, 2), torch.full((1, 1, 1, 2), float("nan"))),
        ],
    ),
    "one-hot-out-of-range-zero": (
        lambda: torch.zeros(1, 8).scatter_(1, torch.tensor([[8]]), 1.0),
        [experts_of_switch_transformers, lambda: F.one_hot(torch.tensor([0, 7]), num_classes=8)],
    ),
    "advanced-index-out-of-range-reads": (
        lambda: torch.arange(2)[IDS],
        [
            lambda: torch.arange(3)[IDS],
            lambda: torch.ones(1)[torch.tensor([True])],  # a mask holds no positions
            lambda: torch.ones(1, 4)[:, IDS],
        ],
    ),
}


def refused(function):
    """The function, which may raise on the CPU what a right device raises."""

    def call():
        with suppress(IndexError, RuntimeError):
            function()

    return call


@pytest.mark.parametrize("slug", CASES)
def test_the_call_of_a_user_matches(slug):
    assert count(slug, refused(CASES[slug][0]), "meta") > 0


@pytest.mark.parametrize(
    "slug, number", [(slug, at) for slug, (_, others) in CASES.items() for at in range(len(others))]
)
def test_the_plain_call_of_a_library_does_not(slug, number):
    function = CASES[slug][1][number]
    function()  # it runs: what raises early matches nothing
    assert count(slug, function, "meta") == 0
