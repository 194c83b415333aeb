"""What the installed TransformerLens does about mps: which device it takes, and which of its entry points warn.

Runs in an environment of `make test-matrix`, with torch, transformers and TransformerLens alone, and prints JSON. There is no
Apple GPU: torch is made to say that there is one, and the move to it is left out. Weights are random, nothing is downloaded.
"""

import contextlib
import importlib.metadata
import io
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from unittest import mock

import torch
import transformer_lens
from transformers import AutoConfig, AutoTokenizer, GPT2Config, GPT2LMHeadModel

IOI_SMALL = Path(__file__).resolve().parents[2] / "snippets" / "models" / "ioi-small"
ALLOW = "TRANSFORMERLENS_ALLOW_MPS"
FLAGS = ("_mps_warned", "_mps_broken_torch_warned")
GENERAL, OF_A_VERSION = "may produce silently incorrect", "known MPS bug"
TORCH = ("2.8.0", "2.13.0")  # the release that has a warning of its own, and one that has none
CONFIG = GPT2Config(
    vocab_size=103,
    n_positions=32,
    n_ctx=32,
    n_embd=64,
    n_layer=2,
    n_head=4,
    architectures=["GPT2LMHeadModel"],
    bos_token_id=0,
    eos_token_id=0,
)


def get_device():
    """The function that chooses a device, wherever this release keeps it."""
    try:
        from transformer_lens.utilities import (
            get_device as found,
        )  # since 3.0; 2.x has a package of this name without it
    except ImportError:
        from transformer_lens.utils import get_device as found
    return found


@contextlib.contextmanager
def a_mac(allow: bool, version: str):
    """torch says that it is of this version and has an Apple GPU, and moves nothing; the user has allowed mps or not."""
    modules = [m for name, m in sys.modules.items() if name.startswith("transformer_lens") and hasattr(m, FLAGS[0])]
    for module in modules:
        for flag in (name for name in FLAGS if hasattr(module, name)):
            setattr(module, flag, False)
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {ALLOW: "1"} if allow else {}))
        if not allow:
            os.environ.pop(ALLOW, None)
        for name in ("is_available", "is_built"):
            stack.enter_context(mock.patch.object(torch.backends.mps, name, lambda: True))
        stack.enter_context(mock.patch.object(torch, "__version__", version))
        stack.enter_context(mock.patch.object(torch.nn.Module, "to", lambda module, *args, **kwargs: module))
        yield


def entry_points(folder: str) -> dict:
    """What a user writes to get a model onto mps, as far as this release has it."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = {}
    if hooked := has("HookedTransformer"):

        def from_pretrained():
            with mock.patch.object(AutoConfig, "from_pretrained", lambda *args, **kwargs: CONFIG):
                hooked.from_pretrained("gpt2", hf_model=GPT2LMHeadModel(CONFIG), tokenizer=tokenizer, device="mps")

        found['HookedTransformer.from_pretrained(…, device="mps")'] = from_pretrained
    with contextlib.suppress(ImportError):
        from transformer_lens.model_bridge import TransformerBridge

        def boot(device):
            return TransformerBridge.boot_transformers(folder, hf_model=GPT2LMHeadModel(CONFIG), device=device)

        bridge = boot("cpu")
        found['TransformerBridge.boot_transformers(…, device="mps")'] = lambda: boot("mps")
        found['bridge.to("mps")'] = lambda: bridge.to("mps")
        found["bridge.mps()"] = bridge.mps
    return found


def has(name: str):
    """A class of the package, or None where this release refuses to give it."""
    try:
        return getattr(transformer_lens, name, None)
    except ImportError:
        return None


def warned(function, allow: bool, version: str) -> list:
    """The kinds of warning of mps that a call gives."""
    with (
        a_mac(allow, version),
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("always")
        function()
    text = [str(one.message) for one in caught]
    kinds = {"general": GENERAL, "of this version": OF_A_VERSION}
    return [kind for kind, words in kinds.items() if any(words in one for one in text)]


def chosen(allow: bool) -> str:
    """The device that is taken where none is named."""
    with a_mac(allow, TORCH[1]), mock.patch.object(torch.cuda, "is_available", lambda: False):
        return str(get_device()())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        CONFIG.save_pretrained(folder)
        AutoTokenizer.from_pretrained(IOI_SMALL).save_pretrained(folder)
        entries = {
            code: {
                version: {"plain": warned(function, False, version), "allowed": warned(function, True, version)}
                for version in TORCH
            }
            for code, function in entry_points(folder).items()
        }
    names = ("transformer-lens", "transformers", "torch")
    found = {
        "versions": {name: importlib.metadata.version(name) for name in names},
        "device": {"plain": chosen(False), "allowed": chosen(True)},
        "entries": entries,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
