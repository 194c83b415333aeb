"""What the options of locate_divergence.py cost: processor time and memory, on a healthy device.

    python benchmarks/locate_cost.py [--model smollm2]

15 tokens, one thread, the emulated device. Each option runs in a process of its own, after a first run on a small
module. Prints the seconds, the ratios to a forward pass on the CPU in the same process, and the peak of memory.
"""

import argparse
import os
import subprocess
import sys
import time

from locate_speed import load

OPTIONS = {"default": {}, "--repeat 3": {"repeat": 3}, "--backward": {"backward": True}}


def measure(name: str, option: str) -> None:
    """Print one line: what a forward pass and what `locate` with an option take."""
    import psutil
    import torch
    from validate_cost import Peak, give_back

    from mpscheck.tools.locate.command import locate

    torch.set_num_threads(1)
    model, tokens = load(name)

    def seconds(function) -> float:
        start = time.process_time()
        function()
        return time.process_time() - start

    with torch.no_grad():
        forward = min(seconds(lambda: model(tokens)) for _ in range(5))
    locate(torch.nn.Linear(4, 4), torch.ones(1, 4), device="emu", known=(), **OPTIONS[option])
    loaded = psutil.Process().memory_info().rss
    spent = seconds(lambda: locate(model, tokens, device="emu", known=(), **OPTIONS[option]))
    give_back()
    with Peak(psutil.Process()) as peak:  # a second time: looking at the memory takes time too
        report = locate(model, tokens, device="emu", known=(), **OPTIONS[option])
    print(
        f"{option}: {report.verdict}, {spent:.1f} s, {spent / forward:.1f} forward passes of {forward:.2f} s; "
        f"memory {loaded / 1e9:.2f} GB with the model, {peak.bytes / 1e9:.2f} GB at most",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2", help="smollm2 or ioi-small")
    parser.add_argument("--option", choices=OPTIONS, help=argparse.SUPPRESS)  # what a process of its own does
    options = parser.parse_args()
    if options.option:
        measure(options.model, options.option)
        return 0
    for option in OPTIONS:
        command = [sys.executable, __file__, "--model", options.model, f"--option={option}"]
        subprocess.run(command, check=True, env=os.environ | {"MPSCHECK_EMU": "1"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
