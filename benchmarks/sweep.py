"""How much quicker is the sweep than PyTorch's own way to the same samples? Prints one ratio.

    python benchmarks/sweep.py [ENTRY …]

Both make the same calls of the same samples in the same layouts on the emulated device. PyTorch's way compares each with
the CPU in that layout, by `assert_close`, as `test_noncontiguous_samples` and `TestConsistency` do; it has no canaries,
no float64 and no `out=`. Processor time, one thread, without the start of torch.
"""

import os
import sys
import time

os.environ["MPSCHECK_EMU"] = "1"

import torch

from mpscheck.sweep import work
from mpscheck.sweep.cases import Bench, NotHere, fetched
from mpscheck.sweep.database import all_entries, in_order
from mpscheck.tools.locate.replay import tensors_in

ENTRIES = 60


def by_assert_close(name: str) -> int:
    """The plain calls of an entry, drawn anew for each layout, as a test drawn by a decorator does."""
    entry, count = all_entries()[name], 0
    for dtype in entry.dtypes:
        layouts = [
            case for sample in work.samples_of(entry, dtype, 0) for case in Bench(entry, dtype, sample, "emu").cases()
        ]
        for case in (case for case in layouts if case.form == "call"):
            sample = next(s for s in work.samples_of(entry, dtype, 0) if s.number == case.sample)
            bench = Bench(entry, dtype, sample, "emu")
            try:
                results = [
                    bench._results(case, *bench.arguments(case, device)[:2], device) for device in ("cpu", "emu")
                ]
                for expected, got in zip(*map(fetched, map(tensors_in, results))):
                    torch.testing.assert_close(got, expected, equal_nan=True)
            except (AssertionError, RuntimeError, NotImplementedError, TypeError, NotHere, IndexError, ValueError):
                pass
            count += 1
    return count


def main() -> None:
    torch.set_num_threads(1)
    names = (
        sys.argv[1:]
        or [name for name in in_order(list(all_entries()), 0) if not name.startswith("own/")][::11][:ENTRIES]
    )
    work.sweep(names[0], "emu", 0)  # what is made once
    started = time.process_time()
    ours = sum(sum(work.sweep(name, "emu", 0)["counts"].values()) for name in names)
    mine, started = time.process_time() - started, time.process_time()
    theirs = sum(map(by_assert_close, names))
    its = time.process_time() - started
    print(f"sweep: {ours:,} calls in {mine:.1f} s of processor time, {ours / mine:,.0f} a second")
    print(f"drawn anew and compared by assert_close: {theirs:,} calls in {its:.1f} s, {theirs / its:,.0f} a second")
    print(f"ratio: {ours / mine / (theirs / its):.1f}")


if __name__ == "__main__":
    main()
