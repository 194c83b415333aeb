"""Programs of people who found wrong numbers on mps, each made again as small as it shows the calls, with random weights.

Written anew from what the threads tell: no line is theirs. `public_reports.jsonl` says what `audit` names in each.
"""

import numpy
import torch
import torch.nn.functional as F
from torch import nn

GPT2 = {
    "vocab_size": 64,
    "n_positions": 64,
    "n_embd": 48,
    "n_head": 4,
    "n_layer": 2,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
BERT = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 60}


def hooked_transformer_generates():
    """The output weights of the heads are kept by head, and rearranged into a view for `F.linear`."""
    out_weight, bias = torch.randn(4, 12, 48), torch.zeros(48)  # head, within the head, model
    x = torch.randn(1, 5, 48)
    for _ in range(3):
        z = x.reshape(1, -1, 4, 12)
        x = F.linear(z.flatten(2), out_weight.permute(2, 0, 1).reshape(48, 48), bias)


def sentence_is_embedded():
    """A BERT with heads of 64 reads a sentence of four tokens."""
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig(**BERT, attn_implementation="sdpa")).eval()
    with torch.no_grad():
        model(torch.tensor([[5, 6, 7, 8]])).last_hidden_state.mean(1)


def attention_is_sliced():
    """Scores by `baddbmm` into an empty buffer, with beta 0, slice by slice."""
    q, k = torch.randn(4, 16, 8), torch.randn(4, 16, 8)
    for n in range(4):
        buffer = torch.empty(1, 16, 16)
        torch.baddbmm(buffer, q[n : n + 1], k[n : n + 1].transpose(1, 2), beta=0, alpha=8**-0.5).softmax(-1)


def values_are_narrower_than_queries():
    """Attention whose values have another head dimension, as in models with compressed keys."""
    q, k, v = torch.randn(1, 4, 8, 24), torch.randn(1, 4, 8, 24), torch.randn(1, 4, 8, 16)
    with torch.no_grad():
        F.scaled_dot_product_attention(q, k, v)


def prompt_is_read_in_bfloat16():
    """The prefill of a model in bfloat16: causal attention over a prompt of 17 tokens."""
    q, k, v = (torch.randn(1, 4, 17, 64, dtype=torch.bfloat16) for _ in range(3))
    with torch.no_grad():
        F.scaled_dot_product_attention(q, k, v, is_causal=True)


def video_is_padded_in_time():
    """An encoder pads one image of 512 by 512 in time, at the front."""
    F.pad(torch.randn(1, 3, 1, 512, 512), (0, 0, 0, 0, 1, 0))


def boxes_are_clipped():
    """Boxes of objects are clipped to the image, column by column, in place."""
    boxes, (height, width) = torch.rand(6, 4) * 2000, (1080, 1920)
    for column, limit in enumerate((width, height, width, height)):
        boxes[..., column].clamp_(0, limit)


def padding_is_taken_from_boxes():
    """The padding of an image is subtracted from the columns of its boxes."""
    boxes = torch.rand(6, 4) * 640
    boxes[..., 0] -= 0
    boxes[..., 1] -= 9


def batch_with_padded_4d_mask():
    """A decoder gets a mask of truth values for each pair of tokens, in which rows of padding are masked as a whole."""
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"hidden_size": 64, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 64}
    model = LlamaForCausalLM(LlamaConfig(**shape, vocab_size=32, attn_implementation="sdpa")).eval()
    mask = torch.ones(2, 1, 4, 4, dtype=torch.bool).tril()
    mask[0, :, 2:] = False
    with torch.no_grad():
        model(input_ids=torch.tensor([[0, 1, 0, 0], [0, 1, 2, 3]]), attention_mask=mask)


def series_is_encoded():
    """A time series goes through convolutions as (batch, channel, time), and arrives there transposed."""
    x = nn.Linear(3, 16)(torch.randn(2, 50, 3)).transpose(1, 2)
    nn.Conv1d(16, 16, 3, padding=1)(F.gelu(x))


def observation_is_moved():
    """A policy is evaluated: the observation is moved to the device without waiting."""
    device = torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    observation = {"observation.state": torch.randn(1, 14)}
    moved = {name: value.to(device, non_blocking=True) for name, value in observation.items()}
    nn.Linear(14, 4).to(device)(moved["observation.state"])


def pretrained_weights_are_loaded():
    """GPT-2's weights lie the other way round; they are transposed in NumPy and assigned to linear layers."""
    layer = nn.Linear(48, 144)
    stored = numpy.random.default_rng(0).standard_normal((48, 144), dtype=numpy.float32)
    layer.weight = nn.Parameter(torch.tensor(stored.T))
    with torch.no_grad():
        F.cross_entropy(layer(torch.randn(2, 6, 48)).flatten(0, 1), torch.arange(12))


def one_batch_is_learned():
    """A GPT-2 overfits one batch with AdamW: the loss stays high on mps."""
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(**GPT2, attn_implementation="sdpa"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    ids = torch.arange(1, 33)[None].reshape(4, 8)
    for _ in range(2):
        optimizer.zero_grad()
        model(ids, labels=ids).loss.backward()
        optimizer.step()
