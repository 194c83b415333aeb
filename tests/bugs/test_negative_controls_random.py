"""Triggers about reductions and random numbers held against calls of libraries: the user's must match, the plain one not.

They are ops that no recorded model calls, or calls in a way that says little.
"""

import pytest
import torch

from .matching import count

ACTS = torch.arange(24.0).view(6, 4)  # tokens, neurons
EMPTY = torch.ones(3, 0, 5)
LENGTHS = torch.arange(1, 101)
RULED_OUT = torch.tensor([[0.0, float("-inf"), 1.0]])  # logits of one token each, one of them suppressed


def text_features_of_clip():
    """The features of a text, which CLIP takes at the largest token id, the end of the text."""
    from transformers import CLIPTextConfig, CLIPTextModel

    sizes = dict(vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2)
    model = CLIPTextModel(CLIPTextConfig(**sizes, bos_token_id=0, eos_token_id=2)).eval()
    model(torch.tensor([[0, 5, 8]]))


def greedy_generation_of_gpt2(**options):
    """Two new tokens of a small GPT-2; greedy, if no options say otherwise."""
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=60, n_embd=8, n_layer=1, n_head=2)).eval()
    model.generate(torch.tensor([[1, 2]]), max_new_tokens=2, pad_token_id=0, **options)


def sampled(top_k):
    """Two new tokens, drawn from the `top_k` likeliest; 0 for all."""
    return greedy_generation_of_gpt2(do_sample=True, top_k=top_k)


def weights_of_a_linear_layer():
    """A linear layer as PyTorch and transformers make it."""
    torch.nn.init.normal_(torch.nn.Linear(4, 3).weight, std=0.02)


def steps_of_adam():
    """A step of Adam, clipped: it takes norms of gradients."""
    layer = torch.nn.Linear(4, 3)
    layer(ACTS).sum().backward()
    torch.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
    torch.optim.Adam(layer.parameters()).step()


CASES = {  # the user's call, then library calls that must not match
    "argmax-amd-zero": (text_features_of_clip, [greedy_generation_of_gpt2, lambda: LENGTHS.argmax()]),
    "argmax-inf-input": (
        lambda: torch.full((2, 3), float("-inf")).argmax(-1),
        [greedy_generation_of_gpt2, lambda: RULED_OUT.argmax(-1), lambda: RULED_OUT.argmin(-1)],
    ),
    "argmax-ignores-nan": (
        lambda: torch.tensor([3.0, float("nan")]).argmax(),
        [greedy_generation_of_gpt2, lambda: RULED_OUT.argmax(-1)],
    ),
    "max-int64-first-value": (
        lambda: LENGTHS.max(),
        [
            greedy_generation_of_gpt2,  # of one prompt: the first is all that there is
            lambda: LENGTHS.int().max(),
            lambda: LENGTHS.max(0),
            lambda: torch.max(LENGTHS, LENGTHS),
            lambda: ACTS.max(),
        ],
    ),
    "uint8-sum-saturates": (
        lambda: torch.tensor([200, 100], dtype=torch.uint8).sum(dtype=torch.uint8),
        [lambda: torch.tensor([200, 100], dtype=torch.uint8).sum(), lambda: (ACTS > 3).sum(-1)],
    ),
    "var-default-unbiased": (
        lambda: ACTS.std(),
        [lambda: ACTS.var(-1, unbiased=False), lambda: ACTS.std(0), lambda: ACTS.var(correction=1)],
    ),
    "amax-int64-partial-simdgroup": (
        lambda: LENGTHS.amin(),
        [lambda: LENGTHS.amax(), lambda: LENGTHS.view(10, 10).amin(-1), lambda: LENGTHS.min(), lambda: ACTS.amax()],
    ),
    "count-nonzero-empty-garbage": (
        lambda: torch.count_nonzero(EMPTY > 0),
        [lambda: torch.count_nonzero(ACTS), lambda: torch.count_nonzero(ACTS, dim=0)],
    ),
    "norm-zero-formula": (lambda: torch.norm(ACTS, p=0), [steps_of_adam, lambda: torch.norm(ACTS, p=1, dim=-1)]),
    "std-negative-dim": (lambda: ACTS.std(-2), [lambda: ACTS.std(-1), lambda: ACTS.std(0), lambda: ACTS.std()]),
    "sum-negative-dim-trailing-ones": (
        lambda: torch.ones(1, 2, 3, 1, 1).mean(-3),
        [
            lambda: torch.ones(1, 2, 3, 1, 1).sum(-1),  # the last one is found
            lambda: torch.ones(1, 2, 3, 1, 1).sum(2),
            lambda: torch.ones(1, 2, 3, 1, 2).sum(-3),
            lambda: torch.ones(2, 3, 1, 1).sum(-3),
        ],
    ),
    "median-empty-zero": (lambda: EMPTY.median(), [lambda: ACTS.median(), lambda: ACTS.median(-1)]),
    "std-var-empty-zero": (
        lambda: EMPTY.std(1),
        [lambda: ACTS.std(0), lambda: ACTS.var(-1, unbiased=False), lambda: EMPTY.var(-1)],  # nothing in it: right
    ),
    "var-complex": (
        lambda: torch.fft.fft(ACTS).var(-1),
        [lambda: torch.fft.fft(ACTS).abs().var(-1), lambda: torch.view_as_real(torch.fft.fft(ACTS)).std()],
    ),
    "bernoulli-zeros-ventura": (
        lambda: torch.bernoulli(torch.full((3,), 0.5)),
        [lambda: torch.nn.functional.dropout(ACTS, 0.1), lambda: torch.empty(3).bernoulli_(0.5)],
    ),
    "multinomial-always-zero": (
        lambda: torch.multinomial(ACTS[1], 1, replacement=True),
        [lambda: sampled(5), lambda: torch.multinomial(ACTS[1], 2)],
    ),
    "multinomial-zero-probability": (lambda: sampled(5), [lambda: sampled(0), greedy_generation_of_gpt2]),
    "categorical-same-sample": (
        lambda: torch.multinomial(ACTS.T + 1, 1),
        [lambda: sampled(5), lambda: torch.multinomial((ACTS + 1)[:, :2], 1)],
    ),
    "rand-like-permuted": (
        lambda: torch.randn_like(ACTS.T),
        [lambda: torch.randn_like(ACTS), lambda: torch.randn_like(ACTS[:, :2]), lambda: torch.rand(ACTS.T.shape)],
    ),
    "random-inplace-noncontiguous-noop": (
        lambda: torch.nn.init.normal_(torch.nn.Linear(4, 3).weight.T),
        [weights_of_a_linear_layer, lambda: torch.empty(3, 4)[1:].uniform_()],
    ),
    "rand-half-returns-one": (
        lambda: torch.empty(4, dtype=torch.bfloat16).uniform_(),
        [lambda: torch.rand(4), lambda: torch.randn(4, dtype=torch.bfloat16), weights_of_a_linear_layer],
    ),
    "histogram-edges": (
        lambda: torch.histc(torch.tensor([0.5, 1.000001]), bins=4, min=0, max=1),
        [
            lambda: torch.histc(torch.tensor([0.5, 1.0]), bins=4, min=0, max=1),
            lambda: torch.histc(torch.tensor([0.5, 1.1]), bins=4, min=0, max=1),  # far enough outside
            lambda: torch.histogram(ACTS, bins=4),
        ],
    ),
    "randn-complex-deviation": (
        lambda: torch.randn(4, dtype=torch.complex64),
        [lambda: torch.randn(4), lambda: torch.view_as_complex(torch.randn(4, 2))],
    ),
    "rand-5d-batches-identical": (
        lambda: torch.randn_like(torch.empty(2, 1, 2, 2, 2)),
        [lambda: torch.randn_like(torch.empty(2, 2, 2, 2)), lambda: torch.nn.init.normal_(torch.empty(3, 4))],
    ),
    "randn-same-every-call": (
        lambda: [torch.nn.init.normal_(torch.empty(4)) for _ in range(2)],
        [
            lambda: torch.randn(4),
            lambda: [torch.randn(4), torch.randn(5)],
            lambda: [torch.randn(2, 4), torch.randn(2, 5)],
            lambda: [torch.rand(4) for _ in range(2)],
        ],
    ),
    "native-dropout-train-none": (
        lambda: torch.native_dropout(ACTS, 0.5, None),
        [lambda: torch.nn.functional.dropout(ACTS, 0.1), lambda: torch.native_dropout(ACTS, 0.5, False)],
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_the_call_of_a_user_matches(slug):
    assert count(slug, CASES[slug][0], "meta") > 0


@pytest.mark.parametrize(
    "slug, number", [(slug, at) for slug, (_, others) in CASES.items() for at in range(len(others))]
)
def test_the_plain_call_of_a_library_does_not(slug, number):
    assert count(slug, CASES[slug][1][number], "meta") == 0
