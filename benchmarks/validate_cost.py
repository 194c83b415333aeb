"""How long validate_mps.py takes on a model of GPT-2's size, and how much memory.

    python benchmarks/validate_cost.py [--threads 2] [--device emu]

A GPT-2 with random weights in its default configuration (124 million parameters), through `transformers`, on the healthy
emulated device. Prints seconds of `--quick` and of everything; and for each check the peak of the process's resident
memory above what it was before the model, as a multiple of the model's size and of one layer's.
"""

import argparse
import contextlib
import ctypes
import gc
import os
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEP = 0.002  # seconds between two looks at the memory


class Peak:
    """Within the block, the largest resident memory of this process, in bytes."""

    def __init__(self, process):
        self.process, self.done = process, threading.Event()

    def look(self):
        while not self.done.is_set():
            self.bytes = max(self.bytes, self.process.memory_info().rss)
            time.sleep(STEP)

    def __enter__(self):
        self.bytes = self.process.memory_info().rss
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.done.set()
        self.thread.join()


def size(module) -> int:
    """Bytes of a module's weights, shared ones once."""
    return sum(p.numel() * p.element_size() for p in module.parameters())


def give_back() -> None:
    """Let the C library return what the check before has freed (Linux; elsewhere it counts for the next one too)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="emu")
    options = parser.parse_args()
    if options.device == "emu":
        os.environ.setdefault("MPSCHECK_EMU", "1")
    import psutil
    import torch
    import transformers

    sys.path.insert(0, str(ROOT / "snippets"))
    import validate_mps

    torch.set_num_threads(options.threads)
    tokenizer = transformers.AutoTokenizer.from_pretrained(ROOT / "snippets" / "models" / "ioi-small")
    tiny = transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=1, n_embd=64, n_head=2, vocab_size=99)).eval()
    validate_mps.validate(tiny, torch.arange(20).reshape(2, 10), options.device)  # what is loaded at the first use
    process = psutil.Process()
    empty = process.memory_info().rss
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config()).eval()
    whole, layer = size(model), size(model.transformer.h[0])
    print(
        f"model {whole / 1e6:.0f} MB, one layer {layer / 1e6:.0f} MB, embedding {size(model.transformer.wte) / 1e6:.0f} MB"
    )
    prompts = [batch[0] for batch in validate_mps.ioi_batches(tokenizer)]
    ids = validate_mps.inputs_for(model, model.config)
    other = validate_mps.copy_to(model, options.device)
    run = validate_mps.Run(model, other, options.device, [(ids,), (prompts[1],)], tokenizer, [])
    both = process.memory_info().rss - empty
    print(f"on the CPU and on the device: {both / 1e6:.0f} MB, {both / whole:.2f} models")
    seconds, processor = {}, {}
    for name in validate_mps.CHECKS:
        give_back()
        started, computed = time.perf_counter(), time.process_time()
        with Peak(process) as peak:
            check = validate_mps.outcome(run, name)
        seconds[name] = time.perf_counter() - started
        processor[name] = time.process_time() - computed
        above = peak.bytes - empty
        more = (above - 2 * whole) / layer
        print(
            f"{name}: {check.verdict}, {seconds[name]:.1f} s, {processor[name]:.1f} of the processor, peak {above / 1e6:.0f} MB = {above / whole:.2f} models "
            f"= 2 models and {more:.1f} layers"
        )
    for kind, by in (("", seconds), (" of the processor", processor)):
        quick = sum(by[name] for name in validate_mps.QUICK)
        print(
            f"quick {quick:.1f} s, all {sum(by.values()):.1f} s{kind}, {options.threads} threads, torch {torch.__version__}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
