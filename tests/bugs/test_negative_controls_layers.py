"""Triggers of convolution, pooling, padding, losses and solvers, held against calls that no recorded library makes.

One case a bug: the call of a user, which must match, then real calls of the same op that must not.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from .matching import count

TOKENS = torch.ones(1, 17, 8)  # of a vision transformer: the class token, then 4 x 4 patches
IMAGES = torch.ones(2, 4, 8, 8)
LAST = torch.channels_last
FILM = torch.ones(3, 4, 8, 5)  # pictures as they are loaded: (height, width, channel)
SHORT, LONG = torch.ones(1, 1, 65_536), torch.ones(1, 1, 65_537)


def as_map(tokens):
    """Sixteen tokens as a map, channels first: a view."""
    return tokens.unflatten(1, (4, 4)).permute(0, 3, 1, 2)


def gradient(function, *tensors):
    """The gradient of each tensor, where the function's result is weighed by 0, 1, 2, …"""
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    result = function(*leaves)
    return torch.autograd.grad(result, leaves, torch.arange(float(result.numel())).view(result.shape))


def fused_step(found):
    """A step of fused Adam, with what `GradScaler` has found, if there is one."""
    parameter = nn.Parameter(torch.ones(3))
    parameter.grad = torch.ones(3)
    optimizer = torch.optim.Adam([parameter], fused=True)
    if found is not None:
        optimizer.found_inf = torch.tensor(found)
    optimizer.step()


def pooling_of_poolformer():
    """The pooling that PoolFormer has in place of attention; it leaves the padding out of its averages."""
    from transformers.models.poolformer.modeling_poolformer import PoolFormerPooling

    PoolFormerPooling(3)(IMAGES)


def patches_of_qwen2_vl():
    """The patch embedding of Qwen2-VL, a 3-D convolution of contiguous patches."""
    from transformers.models.qwen2_vl.modeling_qwen2_vl import PatchEmbed

    PatchEmbed(embed_dim=8)(torch.ones(4, 3 * 2 * 14 * 14))


def segformer():
    """SegFormer, which brings the maps of its stages to one size."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    sizes = dict(depths=[1] * 4, hidden_sizes=[8] * 4, num_attention_heads=[1] * 4, decoder_hidden_size=8)
    SegformerForSemanticSegmentation(SegformerConfig(**sizes)).eval()(torch.ones(1, 3, 64, 64))


def refused():
    """A transposed convolution that the CPU refuses."""
    with pytest.raises(RuntimeError, match="output padding must be smaller"):
        F.conv_transpose2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), output_padding=1)


def bert_trained(*ids):
    """A step of BERT, which names its padding token, 0, to the embedding."""
    from transformers import BertConfig, BertForMaskedLM

    sizes = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2)
    ids = torch.tensor([ids])
    BertForMaskedLM(BertConfig(vocab_size=8, **sizes))(ids, labels=ids).loss.backward()


def codec_of_encodec():
    """The LSTM of EnCodec, which puts time first."""
    from transformers import EncodecConfig
    from transformers.models.encodec.modeling_encodec import EncodecLSTM

    EncodecLSTM(EncodecConfig(), 8)(torch.ones(2, 8, 5))


def vocoder_of_speecht5():
    """The vocoder of SpeechT5, which makes sound longer by transposed convolutions."""
    from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

    sizes = dict(model_in_dim=8, upsample_initial_channel=8, upsample_rates=[2], upsample_kernel_sizes=[4])
    SpeechT5HifiGan(SpeechT5HifiGanConfig(**sizes))(torch.ones(5, 8))


def conv1d_of_gpt2():
    """The layer that GPT-2 calls `Conv1D`, which is a matrix product."""
    from transformers.pytorch_utils import Conv1D

    Conv1D(4, 8)(torch.ones(2, 5, 8))


def quantizer_of_wav2vec2(training):
    """The quantizer of Wav2Vec2, which adds Gumbel noise in training alone."""
    from transformers import Wav2Vec2Config
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2GumbelVectorQuantizer

    config = Wav2Vec2Config(conv_dim=(8,), conv_stride=(1,), conv_kernel=(1,), codevector_dim=8)
    Wav2Vec2GumbelVectorQuantizer(config).train(training)(torch.ones(2, 5, 8))


def mlp_of_levit():
    """The MLP of LeViT, a vision model that calls hardswish on tokens in the plain order."""
    from transformers.models.levit.modeling_levit import LevitMLPLayer

    LevitMLPLayer(4, 8)(torch.ones(2, 5, 4)).sum().backward()


def complex_systems(*sizes):
    """A batch of complex least squares."""
    matrices = torch.ones(sizes, dtype=torch.complex64)
    torch.linalg.lstsq(matrices, matrices)


CASES = {  # the user's call, then calls that must not match
    "conv2d-noncontiguous-weight": (
        lambda: F.conv2d(IMAGES, torch.ones(3, 4, 3, 3, 3)[:, :, 1]),
        [lambda: nn.Conv2d(4, 3, 3)(IMAGES), lambda: nn.Conv2d(4, 3, 3).to(memory_format=LAST)(IMAGES)],
    ),
    "conv2d-channels-last-channel-slice": (
        lambda: F.conv2d(IMAGES.to(memory_format=LAST)[:, :2], torch.ones(3, 2, 3, 3)),
        [
            lambda: F.conv2d(IMAGES[:, :2], torch.ones(3, 2, 3, 3)),
            lambda: nn.Conv2d(4, 3, 3)(IMAGES.to(memory_format=LAST)),
            lambda: F.conv2d(torch.ones(2, 4, 1, 1)[:, :2], torch.ones(3, 2, 1, 1)),
            lambda: nn.Conv2d(5, 3, 3)(FILM[1, :, :4].permute(2, 0, 1)[None]),  # cropped, then a batch of one
        ],
    ),
    "conv2d-chunk-view-batch": (
        lambda: F.conv2d(IMAGES.chunk(2, 1)[1], torch.ones(3, 2, 3, 3)),
        [
            lambda: F.conv2d(IMAGES[:1].chunk(2, 1)[1], torch.ones(3, 2, 3, 3)),
            lambda: F.conv2d(IMAGES.chunk(2)[1], torch.ones(3, 4, 3, 3)),
            lambda: F.conv2d(IMAGES[..., 4:], torch.ones(3, 4, 3, 3)),
        ],
    ),
    "conv2d-grouped-batch-over-1": (
        lambda: F.conv2d(torch.ones(2, 8, 256, 2), torch.ones(16, 1, 256, 1), groups=8),
        [
            lambda: F.conv2d(torch.ones(1, 8, 256, 2), torch.ones(16, 1, 256, 1), groups=8),
            lambda: nn.Conv2d(4, 4, 7, padding=3, groups=4)(IMAGES),  # as ConvNeXt has it
        ],
    ),
    "conv3d-channels-last-3d": (
        lambda: F.conv3d(torch.ones(1, 3, 4, 4, 4).to(memory_format=torch.channels_last_3d), torch.ones(2, 3, 3, 3, 3)),
        [patches_of_qwen2_vl, lambda: nn.Conv3d(3, 2, 3)(torch.ones(1, 3, 4, 4, 4))],
    ),
    "avgpool2d-channelslast-offset": (
        lambda: F.avg_pool2d(as_map(TOKENS[:, 1:]), 2),
        [
            lambda: F.avg_pool2d(as_map(TOKENS[:, :16]), 2),
            lambda: nn.AvgPool2d(2)(IMAGES.to(memory_format=LAST)),
            lambda: nn.AvgPool2d(2)(IMAGES[1:]),
            lambda: nn.AvgPool2d(2)(FILM[1].permute(2, 0, 1)[None]),  # a batch of one: not channels last for a kernel
        ],
    ),
    "avg-pool2d-count-include-pad": (
        lambda: F.avg_pool2d(IMAGES, 3, stride=1, padding=1),  # as Inception v3 does
        [pooling_of_poolformer, lambda: nn.AvgPool2d(2)(IMAGES), lambda: nn.AdaptiveAvgPool2d(1)(IMAGES)],
    ),
    "adaptive-max-pool2d-nondivisible": (
        lambda: nn.AdaptiveMaxPool2d(3)(IMAGES),
        [lambda: nn.AdaptiveMaxPool2d(1)(torch.ones(2, 4, 7, 7)), lambda: nn.AdaptiveMaxPool2d((2, 4))(IMAGES)],
    ),
    "interpolate-linear-align-corners-nan": (
        lambda: F.interpolate(torch.ones(1, 2, 1), 3, mode="linear", align_corners=True),
        [
            lambda: F.interpolate(torch.ones(1, 2, 1), 3, mode="linear"),
            lambda: F.interpolate(torch.ones(1, 2, 4), 3, mode="linear", align_corners=True),
        ],
    ),
    "interpolate-after-permute-zeros": (
        lambda: F.interpolate(torch.ones(1, 1, 1, 3).permute(0, 3, 1, 2), (4, 4), mode="bilinear"),
        [
            segformer,
            lambda: F.interpolate(torch.ones(1, 2, 1, 1), (2, 2), mode="bilinear"),
            lambda: F.interpolate(torch.ones(1, 1, 8, 8).to(memory_format=LAST), (2, 2), mode="bilinear"),
        ],
    ),
    "conv-transpose-output-padding": (
        refused,
        [
            lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1)(IMAGES),
            lambda: F.conv_transpose2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), dilation=2, output_padding=1),
        ],
    ),
    "reflection-pad1d-backward-65536": (
        lambda: gradient(lambda x: F.pad(x, (2, 2), mode="reflect"), LONG),
        [
            lambda: F.pad(LONG, (2, 2), mode="reflect"),
            lambda: gradient(lambda x: F.pad(x, (2, 2), mode="reflect"), SHORT),
        ],
    ),
    "replication-pad-backward-65536": (
        lambda: gradient(nn.ReplicationPad1d(1), torch.ones(65_536, 1, 2)),
        [lambda: gradient(nn.ReplicationPad1d(1), SHORT), lambda: nn.ReplicationPad1d(1)(torch.ones(65_536, 1, 2))],
    ),
    "pad-5d-inner-over-65536": (
        lambda: F.pad(torch.ones(1, 1, 2, 256, 256), (0, 0, 0, 0, 2, 0)),
        [
            lambda: F.pad(torch.ones(1, 1, 2, 255, 256), (0, 0, 0, 0, 2, 0)),
            lambda: F.pad(torch.ones(1, 1, 2, 256, 256), (1, 1, 1, 1)),
            lambda: F.pad(torch.ones(1, 2, 256, 256), (0, 0, 0, 0, 2, 0)),
        ],
    ),
    "bce-size-one-dims-wrong-grad": (
        lambda: gradient(lambda x: F.binary_cross_entropy(x, x.detach(), reduction="none"), torch.rand(3, 1, 1)),
        [
            lambda: gradient(lambda x: nn.BCELoss()(x, x.detach()), torch.rand(3, 1, 1)),
            lambda: gradient(lambda x: F.binary_cross_entropy(x, x.detach(), reduction="none"), torch.rand(3, 4)),
        ],
    ),
    "bce-logits-empty-zero": (
        lambda: nn.BCEWithLogitsLoss()(torch.ones(0), torch.ones(0)),
        [
            lambda: nn.BCEWithLogitsLoss()(torch.ones(2, 1), torch.ones(2, 1)),
            lambda: nn.BCEWithLogitsLoss(reduction="sum")(torch.ones(0), torch.ones(0)),
        ],
    ),
    "kldiv-zero-target-nan": (
        lambda: nn.KLDivLoss(reduction="sum")(torch.zeros(2, 3).log_softmax(-1), torch.eye(3)[:2]),
        [
            lambda: F.kl_div(torch.zeros(2, 3).log_softmax(-1), torch.zeros(2, 3).softmax(-1), reduction="batchmean"),
            lambda: F.kl_div(torch.zeros(2, 3).log_softmax(-1), torch.zeros(2, 3), log_target=True, reduction="sum"),
        ],
    ),
    "fused-adam-found-inf-ignored": (lambda: fused_step(1.0), [lambda: fused_step(0.0), lambda: fused_step(None)]),
    "lu-factor-batched-large": (
        lambda: torch.linalg.lu_factor(torch.eye(256).repeat(2, 1, 1)),
        [
            lambda: torch.linalg.lu_factor(torch.eye(256)),
            lambda: torch.linalg.lu_factor(torch.eye(256)[None]),
            lambda: torch.linalg.lu_factor(torch.eye(3).repeat(2, 1, 1)),
        ],
    ),
    "linalg-inv-second-matrix": (
        lambda: torch.linalg.inv(torch.eye(3).repeat(2, 1, 1)[1]),
        [lambda: torch.linalg.inv(torch.eye(3).repeat(2, 1, 1)), lambda: torch.linalg.inv(torch.eye(3))],
    ),
    "embedding-bag-scale-grad-ignored": (
        lambda: gradient(
            lambda w: F.embedding_bag(torch.tensor([[1, 1]]), w, mode="sum", scale_grad_by_freq=True), torch.ones(4, 3)
        ),
        [lambda: gradient(lambda w: F.embedding_bag(torch.tensor([[1, 1]]), w, mode="sum"), torch.ones(4, 3))],
    ),
    "embedding-scale-grad-padding-ignored": (
        lambda: bert_trained(1, 2, 0),
        [
            lambda: bert_trained(1, 2, 3),
            lambda: gradient(lambda w: F.embedding(torch.tensor([0, 0]), w), torch.ones(4, 3)),
        ],
    ),
    "conv2d-unequal-stride": (
        lambda: F.conv2d(IMAGES, torch.ones(3, 4, 1, 1), stride=(1, 2)),
        [
            conv1d_of_gpt2,
            lambda: F.conv2d(IMAGES, torch.ones(3, 4, 1, 1), stride=2),
            lambda: F.conv1d(IMAGES[0], torch.ones(3, IMAGES.shape[2], 3), padding=1),
        ],
    ),
    "conv-transpose1d-stride": (
        vocoder_of_speecht5,
        [
            lambda: F.conv_transpose1d(torch.ones(1, 1, 2), torch.ones(1, 1, 2)),
            lambda: F.conv_transpose2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2), stride=2),
        ],
    ),
    "lstm-batch-first-transposed": (
        lambda: nn.LSTM(4, 2, batch_first=True)(torch.ones(2, 3, 4)),
        [codec_of_encodec, lambda: nn.GRU(4, 2, batch_first=True)(torch.ones(2, 3, 4))],
    ),
    "lstm-backward-ignores-dropout": (
        lambda: nn.LSTM(4, 2, num_layers=2, dropout=0.1)(torch.ones(3, 2, 4)),
        [
            codec_of_encodec,
            lambda: nn.LSTM(4, 2, num_layers=2, dropout=0.1).eval()(torch.ones(3, 2, 4)),
            torch.no_grad()(lambda: nn.LSTM(4, 2, num_layers=2, dropout=0.1)(torch.ones(3, 2, 4))),
        ],
    ),
    "gumbel-softmax-nan-exponential-zero": (
        lambda: quantizer_of_wav2vec2(True),
        [lambda: quantizer_of_wav2vec2(False), lambda: torch.multinomial(torch.ones(3), 1), lambda: torch.rand(3)],
    ),
    "hardswish-backward-channels-last": (
        lambda: gradient(F.hardswish, IMAGES.to(memory_format=LAST)),
        [mlp_of_levit, lambda: gradient(F.hardswish, IMAGES), lambda: F.hardswish(IMAGES.to(memory_format=LAST))],
    ),
    "linalg-solve-backward-wrong": (
        lambda: gradient(torch.linalg.solve, torch.eye(3), torch.ones(3, 2)),
        [
            lambda: torch.linalg.solve(torch.eye(3), torch.ones(3, 2)),
            lambda: torch.linalg.lu_solve(*torch.linalg.lu_factor(torch.eye(3)), torch.ones(3, 2)),
            lambda: gradient(torch.linalg.inv, torch.eye(3)),
        ],
    ),
    "lstsq-complex-underdetermined-214": (
        lambda: complex_systems(8, 32, 48),
        [
            lambda: complex_systems(5, 32, 48),
            lambda: complex_systems(8, 48, 32),
            lambda: torch.linalg.lstsq(torch.ones(8, 32, 48), torch.ones(8, 32, 3)),
        ],
    ),
    "matmul-stride0-grad": (
        lambda: torch.mm(torch.ones(1, 1).expand(64, 1), torch.ones(1, 16)),
        [
            lambda: torch.mm(torch.ones(64, 2), torch.ones(2, 16)),
            lambda: gradient(torch.mm, torch.ones(64, 2), torch.ones(2, 16)),
        ],
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_the_call_of_a_user_matches(slug):
    assert count(slug, CASES[slug][0], "mps") > 0


@pytest.mark.parametrize(
    "slug, number", [(slug, at) for slug, (_, others) in CASES.items() for at in range(len(others))]
)
def test_a_call_that_is_right_does_not(slug, number):
    assert count(slug, CASES[slug][1][number], "mps") == 0
