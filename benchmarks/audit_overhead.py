"""How much slower is a program under `audit`? One forward of the shape of GPT-2 (124 million random weights), with and
without, in turns; prints the ratio of the fastest ones, which other programs disturbed the least.

    python benchmarks/audit_overhead.py [--lengths 15 64] [--repeats 9] [--threads 2]
"""

import argparse
import os
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from mpscheck.bugs.recorder import around, best_level
from mpscheck.tools import bundle
from mpscheck.tools.audit import Report
from mpscheck.tools.known import read_known


def seconds(function) -> float:
    """Processor time of the calling thread in one call: as long as the call takes where nothing else runs."""
    start = time.thread_time()
    function()
    return time.thread_time() - start


def measure(model, length: int, repeats: int, bugs: tuple) -> tuple[float, float]:
    """Seconds of a forward over `length` tokens, without and with the audit: the fastest of several, taken in turns."""
    tokens = torch.randint(0, model.config.vocab_size, (1, length))
    report = Report(bugs, None, None, os.getcwd(), "a forward", best_level())

    def plain():
        with torch.no_grad():
            model(tokens)

    def audited():
        with around(report.handle):
            plain()

    plain()
    audited()
    pairs = [(seconds(plain), seconds(audited)) for _ in range(repeats)]
    return min(without for without, _ in pairs), min(with_audit for _, with_audit in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=[15, 64])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    bugs = read_known(bundle.TOOLS["audit_mps.py"].carries())
    for length in options.lengths:
        without, with_audit = measure(model, length, options.repeats, bugs)
        print(
            f"{length} tokens: {without * 1e3:.0f} ms plain, {with_audit * 1e3:.0f} ms audited, "
            f"ratio {with_audit / without:.2f}"
        )


if __name__ == "__main__":
    main()
