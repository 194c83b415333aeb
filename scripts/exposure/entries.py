"""The ways to run a GPT-2 whose calls are measured: entry points (a library's class) and uses (what is done with it).

Runs in environments with other versions of the libraries: only torch, transformers and TransformerLens are imported.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

ROOT = Path(__file__).resolve().parents[2]
IOI_SMALL = ROOT / "snippets" / "models" / "ioi-small"
LENGTH = 24  # tokens of a prompt; from 16 on other products are computed
SHORT = 6  # tokens of a short one; up to 8 other attention is
NEW_TOKENS = 4  # tokens generated


def gpt2(model: str, attention: str = "eager") -> GPT2LMHeadModel:
    """A GPT-2 of transformers, float32 on the CPU: `gpt2-shape` (12 layers, random weights) or `ioi-small` (trained)."""
    if model == "ioi-small":
        return GPT2LMHeadModel.from_pretrained(IOI_SMALL, attn_implementation=attention).float().eval()
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(attn_implementation=attention)).eval()


def hooked(model: str, **changes):
    """A HookedTransformer, weights processed as `from_pretrained` does; `changes` make it another, untrained one."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.loading_from_pretrained import convert_gpt2_weights

    source = gpt2(model)
    c = source.config
    shape = {
        "n_layers": c.n_layer,
        "d_model": c.n_embd,
        "n_heads": c.n_head,
        "d_head": c.n_embd // c.n_head,
        "d_mlp": 4 * c.n_embd,
        "n_ctx": c.n_positions,
        "d_vocab": c.vocab_size,
    }
    config = HookedTransformerConfig(
        **{**shape, **changes},
        act_fn="gelu_new",
        normalization_type="LN",
        eps=c.layer_norm_epsilon,
        device="cpu",
        original_architecture="GPT2LMHeadModel",
    )
    result = HookedTransformer(config, tokenizer=AutoTokenizer.from_pretrained(IOI_SMALL))  # generate() wants one
    if not changes:
        result.load_and_process_state_dict(
            convert_gpt2_weights(source, config), fold_ln=True, center_writing_weights=True, center_unembed=True
        )
    return result.eval()


def bridge(model: str, compatibility: bool = False):
    """A TransformerBridge of the same weights."""
    from transformer_lens.model_bridge import TransformerBridge

    source = gpt2(model)
    with tempfile.TemporaryDirectory() as folder:  # it reads the configuration from a folder
        source.config.save_pretrained(folder)
        AutoTokenizer.from_pretrained(IOI_SMALL).save_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        result = TransformerBridge.boot_transformers(folder, hf_model=source, tokenizer=tokenizer, device="cpu")
    if compatibility:
        result.enable_compatibility_mode()
    return result.eval()


ENTRIES: dict[str, Callable] = {
    "HookedTransformer": hooked,
    "HookedTransformer, n_heads = 1": lambda model: hooked(model, n_heads=1),
    "HookedTransformer, n_key_value_heads = 1": lambda model: hooked(model, n_key_value_heads=1),
    "TransformerBridge": bridge,
    "TransformerBridge, compatibility mode": lambda model: bridge(model, compatibility=True),
    "transformers, eager": lambda model: gpt2(model, "eager"),
    "transformers, sdpa": lambda model: gpt2(model, "sdpa"),
}


# ---- uses: each takes a model and tokens (1, length) int64 --------------------------------------------------------


def is_lens(model) -> bool:
    """True for the models of TransformerLens, which have hook points of their own."""
    return hasattr(model, "run_with_hooks")


def logits_of(model, tokens: torch.Tensor) -> torch.Tensor:
    """Logits (batch, length, vocabulary)."""
    result = model(tokens)
    return result if isinstance(result, torch.Tensor) else result.logits


@torch.no_grad()
def forward(model, tokens) -> None:
    """One forward pass."""
    logits_of(model, tokens)


@torch.no_grad()
def short_forward(model, tokens) -> None:
    """One forward pass over a few tokens: torch has other attention kernels for those."""
    logits_of(model, tokens[:, :SHORT])


@torch.no_grad()
def kv_cache(model, tokens) -> None:
    """Greedy generation, one token at a time, with a cache of keys and values."""
    if is_lens(model):
        options = {"do_sample": False, "stop_at_eos": False, "use_past_kv_cache": True, "verbose": False}
        model.generate(tokens, max_new_tokens=NEW_TOKENS, return_type="tokens", **options)
    else:
        mask = torch.ones_like(tokens)
        model.generate(tokens, attention_mask=mask, max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=0)


@torch.no_grad()
def patching(model, tokens) -> None:
    """The residual stream at the last position of layer 1 is replaced by that of another prompt."""
    other = tokens.flip(1)
    if is_lens(model):
        name = "blocks.1.hook_resid_pre"
        _, cache = model.run_with_cache(other)

        def patch(activation, hook):
            activation[:, -1] = cache[name][:, -1]
            return activation

        model.run_with_hooks(tokens, fwd_hooks=[(name, patch)])
        return
    kept = []
    block = model.transformer.h[1]
    keep = block.register_forward_pre_hook(lambda module, args: kept.append(args[0].clone()))
    model(other)
    keep.remove()

    def patch_input(module, args):
        args[0][:, -1] = kept[0][:, -1]
        return args

    handle = block.register_forward_pre_hook(patch_input)
    model(tokens)
    handle.remove()


def backward(model, tokens) -> None:
    """Gradients of a logit difference with respect to all weights."""
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    last = logits_of(model, tokens)[0, -1]
    (last[1] - last[2]).backward()


USES: dict[str, Callable] = {
    "forward": forward,
    "short forward": short_forward,
    "KV cache": kv_cache,
    "patching": patching,
    "backward": backward,
}
