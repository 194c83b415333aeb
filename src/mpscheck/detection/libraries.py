"""Small models of well-known libraries, from configurations with random weights, and what people do with them.

What they call decides which bugs a library meets; the numbers do not matter. Each stands for a kind of model. Weights and
inputs are drawn by torch's own generator: whoever calls `make` and `inputs` seeds it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils import _pytree as pytree

TOKENS = 11  # of a prompt: no multiple of 8
NEW_TOKENS = 4
MASK = "attention_mask"
SHORT = 6  # tokens of a short one: there are other attention kernels for those
SHAPE = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 99}  # heads of 64


@dataclass(frozen=True)
class Library:
    """One kind of model: `make()` builds it, `inputs()` gives the keyword arguments of a forward pass."""

    name: str
    make: Callable[[], nn.Module]
    inputs: Callable[[], dict]  # tensors, or dicts and tuples of them
    writes: bool = False  # whether it generates tokens
    environment: str = ""  # the one of `make test-matrix` that has the library; the main one if empty


def tokens() -> torch.Tensor:
    """Ids of two prompts, int64 (2, TOKENS)."""
    return torch.randint(0, 99, (2, TOKENS))


def prompts() -> dict[str, torch.Tensor]:
    """Two prompts, the first padded on the left, with what a language model needs for a loss."""
    mask = torch.ones(2, TOKENS, dtype=torch.int64)
    mask[0, :3] = 0
    return {"input_ids": tokens(), MASK: mask, "labels": tokens()}


def of_transformers(config: str, model: str, **changes) -> Callable[[], nn.Module]:
    """A model of transformers with a small shape."""

    def make() -> nn.Module:
        import transformers

        transformers.logging.set_verbosity_error()
        return getattr(transformers, model)(getattr(transformers, config)(**SHAPE | changes))

    return make


def of_clip() -> nn.Module:
    parts = {
        "text_config": SHAPE | {"intermediate_size": 64, "eos_token_id": 98, "max_position_embeddings": 64},
        "vision_config": SHAPE | {"intermediate_size": 64, "image_size": 16, "patch_size": 4},
    }
    return of_transformers("CLIPConfig", "CLIPModel", **parts)()


def unet() -> nn.Module:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        layers_per_block=1,
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=8,
        norm_num_groups=8,
    )


class SparseAutoencoder(nn.Module):
    """The largest activations of a wide layer stand for the input; the loss is the error of what they give back."""

    def __init__(self, width: int = 32, latents: int = 256, kept: int = 8):
        super().__init__()
        self.W_enc = nn.Parameter(torch.randn(width, latents) / width**0.5)
        self.W_dec = nn.Parameter(self.W_enc.detach().T.clone())
        self.b_enc, self.b_dec = nn.Parameter(torch.zeros(latents)), nn.Parameter(torch.zeros(width))
        self.kept = kept

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """x: (batch, position, width)."""
        pre = torch.relu((x - self.b_dec) @ self.W_enc + self.b_enc)
        top = pre.topk(self.kept, dim=-1)
        latents = torch.zeros_like(pre).scatter_(-1, top.indices, top.values)
        back = latents @ self.W_dec + self.b_dec
        return {"loss": (back - x).pow(2).sum(-1).mean(), "latents": latents, "back": back}


class LstmLanguageModel(nn.Module):
    """Two layers of LSTM, as in PyTorch's own example of a language model."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(99, width)
        self.lstm = nn.LSTM(width, width, num_layers=2, dropout=0.2, batch_first=True)
        self.unembedding = nn.Linear(width, 99)

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        hidden, _ = self.lstm(self.embedding(input_ids))
        logits = self.unembedding(hidden)
        return {"loss": nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), "logits": logits}


class GruClassifier(nn.Module):
    """A GRU that reads both ways; the class is told from its last hidden states."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.gru = nn.GRU(16, width, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: (batch, position, 16)."""
        _, last = self.gru(x)
        return self.head(torch.cat([last[0], last[1]], -1))


class ConvolutionalNetwork(nn.Module):
    """Convolutions with batch normalization and pooling, and a linear layer: PyTorch's tutorial on images."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 3, stride=2), nn.GroupNorm(4, 32), nn.SiLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()),
        )
        self.head = nn.Linear(128, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """images: (batch, 3, height, width)."""
        return self.head(self.body(images))


class GraphNetwork(nn.Module):
    """Two rounds of messages along edges, weighed by attention among the edges that end at one node."""

    def __init__(self, width: int = 24):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2 * width, width + 1) for _ in range(2))

    def forward(self, nodes: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        """nodes: (number, width); edges: int64 (2, number), from and to."""
        source, target = edges
        for layer in self.layers:
            message, score = layer(torch.cat([nodes[source], nodes[target]], -1)).split([nodes.shape[1], 1], -1)
            weight = (score - score.max()).exp()
            total = torch.zeros_like(nodes[:, :1]).index_add(0, target, weight)
            summed = torch.zeros_like(nodes).index_add(0, target, weight * message)
            nodes = nodes + torch.relu(summed / total.clamp_min(1e-6))
        return nodes


class Parts(nn.Module):
    """Takes a dictionary and a tuple, gives a dictionary of tuples: models of several kinds of data look like this."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.image, self.text = nn.Linear(width, 8), nn.Linear(width, 8)

    def forward(self, features: dict[str, torch.Tensor], pair: tuple[torch.Tensor, torch.Tensor]) -> dict:
        """features: `image` and `text`, (batch, width); pair: a scale and an offset, (8,)."""
        image, text = self.image(features["image"]), self.text(features["text"])
        scale, offset = pair
        mixed = torch.tanh(image * scale + offset)
        return {"both": (mixed, image @ text.T), "best": mixed.argmax(-1), "norms": {"text": text.norm(dim=-1)}}


def traced() -> object:
    """A wrapper of nnsight around a GPT-2; its `_module` is what computes."""
    import nnsight

    return nnsight.NNsight(of_transformers("GPT2Config", "GPT2LMHeadModel", n_positions=64)())


def vision(name: str) -> Callable[[], nn.Module]:
    """A model of torchvision with ten classes."""

    def make() -> nn.Module:
        ops = torch.library.Library("torchvision", "FRAGMENT")
        for op in ("nms", "qnms"):  # of detection: the wheel lacks them without CUDA, and is not imported without them
            if not hasattr(torch.ops.torchvision, op):
                ops.define(f"{op}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

        return torchvision.models.get_model(name, num_classes=10)

    return make


def sparse_autoencoder(kind: str, **options) -> Callable[[], nn.Module]:
    """An SAE or transcoder of SAELens, its biases drawn too: they are zero before training."""

    def make() -> nn.Module:
        from sae_lens import saes

        model = getattr(saes, kind)(getattr(saes, f"{kind}Config")(d_in=32, d_sae=128, device="cpu", **options))
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if name.startswith("b_"):
                    weight.normal_(std=0.1)
        return model

    return make


OUT, FEW = {"d_out": 32, "apply_b_dec_to_input": False}, {"k": 8}
MATRYOSHKA = {"k": 8, "matryoshka_widths": [32, 128]}
SAES = {  # the kinds of SAELens 6; two of them exist while they are trained alone
    "StandardSAE": {},
    "GatedSAE": {},
    "JumpReLUSAE": {},
    "TopKSAE": FEW,
    "AbsTopKSAE": FEW,
    "MatchingPursuitSAE": {"max_iterations": 8},
    "TemporalSAE": {"n_heads": 4, "bottleneck_factor": 2},
    "Transcoder": OUT,
    "SkipTranscoder": OUT,
    "JumpReLUTranscoder": OUT,
    "JumpReLUSkipTranscoder": OUT,
    "BatchTopKTrainingSAE": FEW,
    "MatryoshkaBatchTopKTrainingSAE": MATRYOSHKA,
}

LIBRARIES = (
    Library(
        "transformers: GPT-2",
        of_transformers("GPT2Config", "GPT2LMHeadModel", n_positions=64),
        prompts,
        writes=True,
    ),
    Library(
        "transformers: Llama",
        of_transformers("LlamaConfig", "LlamaForCausalLM", num_key_value_heads=1, intermediate_size=64),
        prompts,
        writes=True,
    ),
    Library(
        "transformers: Mixtral (mixture of experts)",
        of_transformers(
            "MixtralConfig", "MixtralForCausalLM", num_key_value_heads=1, intermediate_size=64, num_local_experts=4
        ),
        prompts,
        writes=True,
    ),
    Library(
        "transformers: Mamba",
        of_transformers("MambaConfig", "MambaForCausalLM", state_size=8),
        lambda: {name: value for name, value in prompts().items() if name != MASK},
        writes=True,
    ),
    Library(
        "transformers: RWKV",
        of_transformers("RwkvConfig", "RwkvForCausalLM", attention_hidden_size=128, context_length=64),
        lambda: {name: value for name, value in prompts().items() if name != MASK},
    ),
    Library("transformers: BERT", of_transformers("BertConfig", "BertForMaskedLM", intermediate_size=64), prompts),
    Library(
        "transformers: T5",
        of_transformers(
            "T5Config",
            "T5ForConditionalGeneration",
            d_model=128,
            d_kv=64,
            d_ff=64,
            num_layers=2,
            num_heads=2,
            decoder_start_token_id=0,
        ),
        prompts,
        writes=True,
    ),
    Library(
        "transformers: Whisper",
        of_transformers(
            "WhisperConfig",
            "WhisperForConditionalGeneration",
            d_model=128,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            num_mel_bins=16,
            max_source_positions=20,
            max_target_positions=32,
            pad_token_id=0,
            decoder_start_token_id=1,
            suppress_tokens=None,
            begin_suppress_tokens=None,
        ),
        lambda: {"input_features": torch.randn(2, 16, 40), "labels": tokens()},
    ),
    Library(
        "transformers: ViT",
        of_transformers("ViTConfig", "ViTForImageClassification", image_size=16, patch_size=4, intermediate_size=64),
        lambda: {"pixel_values": torch.randn(2, 3, 16, 16), "labels": torch.tensor([0, 1])},
    ),
    Library(
        "transformers: CLIP",
        of_clip,
        lambda: {"input_ids": tokens(), "pixel_values": torch.randn(2, 3, 16, 16)},
    ),
    Library(
        "diffusers: UNet",
        unet,
        lambda: {
            "sample": torch.randn(2, 4, 8, 8),
            "timestep": torch.tensor([3, 7]),
            "encoder_hidden_states": torch.randn(2, 5, 16),
        },
    ),
    Library(
        "transformers: ResNet",
        of_transformers(
            "ResNetConfig", "ResNetForImageClassification", embedding_size=16, hidden_sizes=[16, 32], depths=[1, 1]
        ),
        lambda: {"pixel_values": torch.randn(2, 3, 32, 32), "labels": torch.tensor([0, 1])},
    ),
    Library(
        "an LSTM language model in plain PyTorch",
        LstmLanguageModel,
        lambda: {"input_ids": tokens(), "labels": tokens()},
    ),
    Library("a sparse autoencoder in plain PyTorch", SparseAutoencoder, lambda: {"x": torch.randn(2, TOKENS, 32)}),
    Library("a GRU in plain PyTorch", GruClassifier, lambda: {"x": torch.randn(2, TOKENS, 16)}),
    Library(
        "a convolutional network in plain PyTorch",
        ConvolutionalNetwork,
        lambda: {"images": torch.randn(2, 3, 17, 17)},
    ),
    Library(
        "a graph network in plain PyTorch",
        GraphNetwork,
        lambda: {"nodes": torch.randn(13, 24), "edges": torch.randint(0, 13, (2, 40))},
    ),
    Library(
        "dictionaries and tuples in plain PyTorch",
        Parts,
        lambda: {
            "features": {"image": torch.randn(5, 16), "text": torch.randn(5, 16)},
            "pair": (torch.randn(8), torch.randn(8)),
        },
    ),
    Library("nnsight: GPT-2", traced, lambda: {"input_ids": tokens()}, environment="nnsight"),
    *(
        Library(
            f"torchvision: {name}",
            vision(model),
            lambda: {"x": torch.randn(2, 3, 64, 64)},
            environment="torchvision",
        )
        for name, model in (("ResNet-18", "resnet18"), ("MobileNetV3", "mobilenet_v3_small"))
    ),
    *(
        Library(
            f"SAELens: {kind}",
            sparse_autoencoder(kind, **options),
            lambda: {"x": torch.randn(2, TOKENS, 32)},
            environment="sae-lens",
        )
        for kind, options in SAES.items()
    ),
)
HERE = tuple(library for library in LIBRARIES if not library.environment)


# ---- uses: each takes a model and the keyword arguments of its forward pass, on one device -------------------------


@torch.no_grad()
def forward(model: nn.Module, inputs: dict) -> None:
    """One forward pass."""
    model.eval()(**inputs)


@torch.no_grad()
def short(model: nn.Module, inputs: dict) -> None:
    """One forward pass over a few tokens, without a mask."""
    rest = {name: value for name, value in inputs.items() if name != MASK}
    cut = {name: rest[name][:, :SHORT].contiguous() for name in ("input_ids", "labels") if name in rest}
    model.eval()(**rest | cut)


@torch.no_grad()
def half(model: nn.Module, inputs: dict) -> None:
    """One forward pass in float16."""
    halved = pytree.tree_map_only(torch.Tensor, lambda t: t.half() if t.is_floating_point() else t, inputs)
    model.eval().half()(**halved)


def training(model: nn.Module, inputs: dict) -> None:
    """Two steps of AdamW with dropout, the gradients clipped."""
    optimizer = torch.optim.AdamW(model.train().parameters())
    for _ in range(2):
        found = model(**inputs)
        loss = (
            found["loss"]
            if isinstance(found, dict) and "loss" in found
            else pytree.tree_leaves(found)[0].square().mean()
        )
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()


@torch.no_grad()
def writing(model: nn.Module, inputs: dict) -> None:
    """Some tokens, drawn by chance among the likeliest, with a cache of keys and values."""
    inputs = {name: value for name, value in inputs.items() if name != "labels"}
    options = {"max_new_tokens": NEW_TOKENS, "do_sample": True, "top_k": 5, "top_p": 0.9, "pad_token_id": 0}
    model.eval().generate(**inputs, **options)


USES: dict[str, Callable[[nn.Module, dict], None]] = {
    "forward pass": forward,
    "forward pass over a short prompt": short,
    "generation with a cache": writing,
    "training": training,
    "forward pass in float16": half,
}


def uses_of(library: Library) -> list[str]:
    """The uses that a kind of model has."""
    has = {short: "input_ids" in library.inputs(), writing: library.writes}
    return [name for name, use in USES.items() if has.get(use, True)]
