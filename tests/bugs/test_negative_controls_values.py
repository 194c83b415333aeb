"""Triggers held against calls of libraries: the user's call must match, the plain one beside it must not.

One case a bug: a trigger that accuses calls which the faulty kernel computes rightly is worse than none.
"""

import pytest
import torch

from .matching import count

DEVICE = "meta"  # plays the part of `mps`, where the device of an argument matters
ACTS = torch.arange(24.0).view(6, 4)  # tokens, neurons
GRAM = torch.eye(3).expand(4, 3, 3).contiguous()  # four systems


def top_p_of_transformers():
    """Top-p sampling, which sorts the logits of each batch row."""
    from transformers import TopPLogitsWarper

    return TopPLogitsWarper(0.9)(torch.ones(2, 3, dtype=torch.int64), ACTS[:2])


def position_ids_of_roberta():
    """Positions that RoBERTa counts along its mask, which it makes whole numbers first."""
    from transformers.models.roberta.modeling_roberta import RobertaEmbeddings

    return RobertaEmbeddings.create_position_ids_from_input_ids(torch.ones(1, 300, dtype=torch.int64), 0)


def half_mean():
    """A running mean in half precision on the device."""
    return torch.zeros(4, dtype=torch.bfloat16, device=DEVICE)


def step_of_adam():
    """A step of Adam in half precision, which moves its running mean by a plain number."""
    parameter = torch.nn.Parameter(half_mean())
    parameter.grad = half_mean()
    torch.optim.Adam([parameter], foreach=False).step()


def patches_of_qwen2_vl():
    """The patch embedding of Qwen2-VL, a 3-D convolution whose kernel does not overlap."""
    from transformers.models.qwen2_vl.modeling_qwen2_vl import PatchEmbed

    PatchEmbed(embed_dim=8)(torch.ones(4, 3 * 2 * 14 * 14))


def fourier_layer_of_fnet():
    """The mixing of tokens in FNet, a language model with Fourier transforms in place of attention."""
    from transformers import FNetConfig, FNetModel

    FNetModel(FNetConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, intermediate_size=8))(
        torch.ones(1, 5).long()
    )


def batch_moved(**options):
    """A batch of token ids that transformers moves to the device."""
    from transformers import BatchEncoding

    return BatchEncoding({"input_ids": torch.ones(1, 3, dtype=torch.int64)}).to(DEVICE, **options)


def embedded(*lengths):
    """Prompts of these lengths, one by one, through a small Llama."""
    from transformers import LlamaConfig, LlamaModel

    sizes = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2)
    model = LlamaModel(LlamaConfig(vocab_size=8, **sizes)).eval()
    for length in lengths:
        model(torch.ones(1, length, dtype=torch.int64), use_cache=False)


CASES = {  # the user's call, then library calls that must not match
    "sort-ignores-strides": (
        lambda: ACTS.T.sort(),
        [top_p_of_transformers, lambda: ACTS.T.topk(2), lambda: ACTS.sort(dim=0)],
    ),
    "linalg-solve-broadcast-b": (
        lambda: torch.linalg.solve(GRAM, torch.ones(3, 1)),  # the documentation's own example
        [
            lambda: torch.linalg.solve(GRAM, torch.ones(4, 3)),  # a vector for each
            lambda: torch.linalg.solve(GRAM, torch.ones(4, 3, 2)),
            lambda: torch.linalg.solve(GRAM[0], torch.ones(3)),
            lambda: torch.linalg.solve(GRAM[:1], torch.ones(3)),
            lambda: torch.linalg.solve(GRAM[0], torch.ones(3, 5)),
        ],
    ),
    "cumsum-bool": (
        lambda: torch.ones(1, 300, dtype=torch.bool).cumsum(-1),
        [
            position_ids_of_roberta,
            lambda: torch.ones(1, 300, dtype=torch.bool).cumsum(-1, dtype=torch.int64),
            lambda: torch.ones(300, 100, dtype=torch.bool).cumsum(-1),
        ],
    ),
    "non-blocking-source-released": (
        lambda: batch_moved(non_blocking=True),
        [
            batch_moved,
            lambda: torch.ones(3, device=DEVICE).to(torch.float16, non_blocking=True),
            lambda: torch.ones(3).to(torch.float16, non_blocking=True),
        ],
    ),
    "varying-shapes-memory-growth": (
        lambda: embedded(3, 4, 5),
        [
            lambda: torch.nn.Linear(2, 2)(torch.ones(3, 2)),
            lambda: [torch.ones(3, 2).softmax(-1) for _ in range(3)],
            lambda: [torch.ones(n, 2).exp() for n in (1, 2, 3)],
            lambda: torch.nn.Sequential(*(torch.nn.Linear(n, n + 1) for n in (2, 3, 4)))(torch.ones(3, 2)),
        ],
    ),
    "lerp-half-mixed-weight-214": (
        lambda: half_mean().lerp_(half_mean(), torch.tensor(0.1)),
        [
            step_of_adam,
            lambda: half_mean().lerp_(half_mean(), 0.1),
            lambda: half_mean().lerp_(half_mean(), torch.tensor(0.1, dtype=torch.bfloat16)),
            lambda: half_mean().float().lerp_(half_mean().float(), torch.tensor(0.1)),
        ],
    ),
    "linspace-int64-large": (
        lambda: torch.linspace(0, 10**9, 100, dtype=torch.int64),
        [
            lambda: torch.linspace(0, 1, 12),  # rates of stochastic depth, as vision models draw them
            lambda: torch.linspace(0, 50_257, 100, dtype=torch.int64),
            lambda: torch.linspace(0, 10**9, 100),
        ],
    ),
    "conv3d-contiguous-wrong": (
        lambda: torch.nn.Conv3d(4, 4, 3, padding=1)(torch.ones(1, 4, 4, 4, 4)),
        [
            patches_of_qwen2_vl,
            lambda: torch.nn.Conv3d(4, 4, 1)(torch.ones(1, 4, 4, 4, 4)),
            lambda: torch.nn.Conv3d(4, 4, 3)(torch.ones(1, 4, 4, 4, 4).to(memory_format=torch.channels_last_3d)),
            lambda: torch.nn.Conv2d(4, 4, 3)(torch.ones(1, 4, 4, 4)),
        ],
    ),
    "irfft-roundtrip-wrong": (
        lambda: torch.fft.irfft(torch.fft.rfft(torch.ones(113)), n=113),
        [
            lambda: torch.fft.irfft(torch.fft.rfft(torch.ones(64))),
            lambda: torch.fft.ifft(torch.fft.fft(torch.ones(113))),
            fourier_layer_of_fnet,
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


def test_more_lengths_keep_more_memory_and_the_same_ones_none():
    """Each new length counts once; one that was there before does not."""
    two, three = (count("varying-shapes-memory-growth", lambda n=n: embedded(*n), DEVICE) for n in ((3, 4), (3, 4, 5)))
    assert three > two > 0
    assert count("varying-shapes-memory-growth", lambda: embedded(3, 4, 3, 4, 4), DEVICE) == two
