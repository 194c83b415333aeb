"""What locate_divergence.py costs: processor time and memory, on a healthy device.

    python benchmarks/locate_cost.py [--model smollm2]

One thread, the emulated device; each line is a process of its own, after a first run on a small module. Prints seconds,
ratios to a forward pass on the CPU in the same process, and the peak of memory: each option with 15 tokens, the default
with more tokens, and GPT-2's of several depths with random weights. What a copy of the model on the device costs, which
any comparison needs, is told apart; so are bytes written to the disk.
"""

import argparse
import copy
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from locate_speed import load

OPTIONS = {"default": {}, "--repeat 3": {"repeat": 3}, "--backward": {"backward": True}}
LENGTHS = (15, 64, 256)
DEPTHS = (4, 12, 24)  # layers of a GPT-2 with 1,000 words


def subject(name: str, length: int):
    """A model and tokens; a number is the layers of a GPT-2 with random weights."""
    import torch

    tokens = torch.arange(1, length + 1)[None]
    if not name.isdigit():
        return load(name)[0], tokens
    import transformers

    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=1000, n_layer=int(name), bos_token_id=0, eos_token_id=0)
    return transformers.GPT2LMHeadModel(config).eval(), tokens


def measure(name: str, option: str, length: int) -> None:
    """Print one line: what a forward pass and what `locate` with an option take."""
    import psutil
    import torch
    from validate_cost import Peak, give_back

    from mpscheck.tools.locate.command import locate

    torch.set_num_threads(1)
    model, tokens = subject(name, length)

    def seconds(function) -> float:
        start = time.process_time()
        function()
        return time.process_time() - start

    with torch.no_grad():
        forward = min(seconds(lambda: model(tokens)) for _ in range(5))
    locate(torch.nn.Linear(4, 4), torch.ones(1, 4), device="emu", known=(), **OPTIONS[option])
    loaded = psutil.Process().memory_info().rss
    with tempfile.TemporaryDirectory() as folder:

        def run():
            return locate(model, tokens, device="emu", known=(), folder=folder, **OPTIONS[option])

        spent = min(seconds(run) for _ in range(2))
        moving = min(seconds(lambda: copy.deepcopy(model).to("emu")) for _ in range(2))
        give_back()
        with Peak(psutil.Process()) as peak:  # once more: looking at the memory takes time too
            report = run()
        written = sum(file.stat().st_size for file in Path(folder).rglob("*"))
    passes, of_moving = spent / forward, moving / forward
    print(
        f"{name}{' layers' * name.isdigit()}, {length} tokens, {option}: {report.verdict}, {spent:.2f} s, "
        f"{passes:.1f} forward passes of {forward:.3f} s, {of_moving:.1f} of them for a copy of the model there; memory "
        f"{loaded / 1e9:.2f} GB with the model, {peak.bytes / 1e9:.2f} GB at most; {written} bytes written",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2", help="smollm2 or ioi-small")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)  # what a process of its own does
    options = parser.parse_args()
    if options.one:
        name, option, length = options.one
        measure(name, next(one for one in OPTIONS if one.lstrip("-") == option), int(length))
        return 0
    rows = [(options.model, option, LENGTHS[0]) for option in OPTIONS]
    rows += [(options.model, "default", length) for length in LENGTHS[1:]]
    rows += [(str(depth), "default", LENGTHS[1]) for depth in DEPTHS]
    for name, option, length in rows:
        command = [sys.executable, __file__, "--one", name, option.lstrip("-"), str(length)]  # no option of this one's
        subprocess.run(command, check=True, env=os.environ | {"MPSCHECK_EMU": "1"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
