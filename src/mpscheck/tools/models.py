"""The models that the tools are tried on, by name, folder or file, and by way of transformers or TransformerLens."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import runpy
import sys
import warnings
from pathlib import Path

import torch


class CouldNotCheck(Exception):
    """There is no verdict; the message says why and what to do."""


def explain(error):
    """Return why there is no verdict, in one sentence and without a traceback."""
    if isinstance(error, ModuleNotFoundError):
        return f"a package is missing: {sys.executable} -m pip install {error.name}"
    words = str(error) if isinstance(error, CouldNotCheck) else f"{type(error).__name__}: {error}".splitlines()[0]
    full = isinstance(error, MemoryError) or re.search("out of memory|(allocate|enough) memory", words)
    return f"not enough memory, the model is needed twice ({words})" if full else words


def need_device(device):
    """Raise CouldNotCheck unless torch can compute on the device."""
    try:
        torch.ones(2, device=device).add(1).cpu()
    except Exception as error:
        hint = "; on a Mac, take a Python for arm64 and see torch.backends.mps.is_available()"
        words = f"torch {torch.__version__} at {torch.__file__} has no device {device!r}"
        raise CouldNotCheck(words + (hint if device == "mps" else "")) from error


def newest_entry(name="gpt2"):
    """The newest of TransformerLens, where it is installed; it is not imported for that. It takes causal models alone."""
    with contextlib.suppress(OSError, ValueError):  # then loading says why
        if Path(name).is_dir() and not architecture(str(name)).endswith(("ForCausalLM", "LMHeadModel")):
            return "transformers"
    lens = importlib.util.find_spec("transformer_lens")
    new = lens and Path(lens.origin).with_name("model_bridge").is_dir()  # TransformerLens 3 and later
    return "bridge" if new else "hooked" if lens else "transformers"


def load_model(name, entry):
    """Return (model in float32 on the CPU, tokenizer, config). Raises CouldNotCheck, ImportError for a missing package."""
    import transformers

    warnings.simplefilter("ignore", FutureWarning)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    source = find_model(name)
    try:
        config = read("AutoConfig", source)
        tokenizer = read("AutoTokenizer", source) if hasattr(config, "vocab_size") else None  # images have no words
        return load(source, entry), tokenizer, config
    except (CouldNotCheck, ImportError):
        raise
    except Exception as error:  # no such model, no network, a torn file: each library has its own
        words = f"{name} could not be loaded ({explain(error)}); smollm2 and ioi-small need no network"
        raise CouldNotCheck(words) from error


def find_model(name):
    """Return what the libraries load: a folder, a GGUF file, or a name that they find in the cache or on the hub."""
    models = Path(__file__).resolve().parent / "models"  # two models that need no hub
    if name == "smollm2" and (models / "smollm2.py").is_file():
        return str(runpy.run_path(str(models / "smollm2.py"))["convert"]())
    place = models / name if name == "ioi-small" else Path(name)
    if name == "gpt2":
        print("gpt2 comes from the cache of Hugging Face, the first time from its hub (about 550 MB)", flush=True)
    elif not (place.is_dir() or (place.suffix == ".gguf" and place.is_file())):
        hint = "take gpt2, a folder or a GGUF file; smollm2 and ioi-small lie in `models` beside this file"
        raise CouldNotCheck(f"there is no model {place}: {hint}")
    return str(place)


def architecture(source):
    """The class of transformers that a model was saved from, by its configuration; one for causal models if that is silent."""
    import transformers

    names = getattr(read("AutoConfig", source), "architectures", None) or []
    return next((name for name in names if hasattr(transformers, name)), "AutoModelForCausalLM")


def read(auto, source, **options):
    """Return what a class of transformers makes of a model; the weights of a GGUF file are widened."""
    import transformers

    folder = source
    if source.endswith(".gguf"):
        folder, options["gguf_file"] = Path(source).parent, Path(source).name
    return getattr(transformers, auto).from_pretrained(folder, **options)


def load(source, entry):
    """Return the model in float32 on the CPU, as the entry point makes it of what `find_model` gives."""
    if entry == "transformers":
        model, found = read(architecture(source), source, output_loading_info=True)
        if absent := sorted(found["missing_keys"]):  # transformers draws them at random, and says so on the way only
            raise CouldNotCheck(
                f"{source} has no weights for {len(absent)} parts of {type(model).__name__}: {absent[0]}, …"
            )
        return torch.nn.Module.float(model)  # its own refuses what was a GGUF file
    try:
        return bridge(source) if entry == "bridge" else hooked(source)
    except (ImportError, AttributeError) as error:  # absent in this version, or a clash with that of transformers
        raise CouldNotCheck(f"transformer_lens as installed has no --entry {entry} ({error})") from error


def bridge(source):
    """A TransformerBridge of TransformerLens 3 and later."""
    from transformer_lens.model_bridge import TransformerBridge

    parts = {}  # it finds them itself, but reads no GGUF file
    if source.endswith(".gguf"):
        parts = {"hf_model": read("AutoModelForCausalLM", source), "tokenizer": read("AutoTokenizer", source)}
    return TransformerBridge.boot_transformers(source, device="cpu", **parts)


def hooked(source):
    """A HookedTransformer of TransformerLens 2 and 3: of a name, or of a folder as its from_pretrained does of a name."""
    if source.endswith(".gguf"):
        raise CouldNotCheck("HookedTransformer reads no GGUF file: take --entry transformers or --entry bridge")
    from transformer_lens import HookedTransformer
    from transformer_lens import loading_from_pretrained as loading

    if not Path(source).is_dir():
        return HookedTransformer.from_pretrained(source, device="cpu")
    config = loading.get_pretrained_model_config(source, device="cpu")
    model = HookedTransformer(config, read("AutoTokenizer", source))
    weights = loading.get_pretrained_state_dict(source, config)
    model.load_and_process_state_dict(weights, fold_ln=True, center_writing_weights=True, center_unembed=True)
    return model
