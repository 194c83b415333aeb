"""`F.embedding_bag` with a negative index returns zeros instead of raising.

A negative index has no row. The CPU raises an error; the GPU returned zeros for the index -1, as if the bag were
empty.

Why (inferred from the code of the kernel): it had no check at all, and it skips the index that is set as padding.
Where no padding is set that is kept as -1, so -1 is taken for padding. Other negative indices read memory that is not
the table.

You hit it where -1 marks "no token" and was not taken out. Check the ids before the call, or set `padding_idx` to a
row that is there.

It was reported in November 2025, without a version. `embedding_bag` came to the GPU with 2.10, whose final release
got a check (pytorch#168930) that refuses negative indices too, says pytorch#190183 in passing. So it may be that no
release has this fault.
"""

BUG = {
    "issue": "pytorch/pytorch#169201",
    "also": ["pytorch/pytorch#168930", "pytorch/pytorch#190183"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.nn.functional.embedding_bag"],
    "introduced": {"version": "2.10", "basis": "release notes"},
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#169205",
    "reported": [
        {
            "thread": "pytorch/pytorch#169201",
            "date": "2025-11-28",
            "figures": {"mps": [0, 0, 0, 0], "cpu": "RuntimeError"},
        }
    ],
    "met_in": ["ids in which -1 stands for no token (judged)"],
    "caveat": "#168930 (2.10.0) casts the index to unsigned before its check (#190183), which then refuses negative "
    "ones; no thread that was read says that it closes this one.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["embedding_bag"], "when": ["indices.min < 0"]}],
    "effect": "unchecked(indices)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.ones(10, 4), torch.tensor([[-1]])  # one bag of one index


def compute(device, table, ids):  # whether it raises an error
    try:
        F.embedding_bag(ids.to(device), table.to(device), mode="sum").cpu()  # .cpu() waits for it
    except (IndexError, RuntimeError):
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, table, ids):
    return (ids < 0).any()  # ask on the CPU, before the call


def control(device, table, ids):
    return F.embedding_bag((ids + 1).to(device), table.to(device), mode="sum")


# The lines below are the same in every snippet: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    try:
        torch.ones(1, device=device)
    except Exception:
        sys.exit(f"COULD NOT RUN: this torch sees no device {device!r}; on a Mac see torch.backends.mps.is_available()")
    kind, repeats = BUG["kind"], BUG.get("repeats", 1)
    if kind in ("crash", "hang", "memory"):
        print(f"The bug is of the kind {kind}: where the lines end without a verdict, it is there.", flush=True)
    if "memory" in BUG:
        print(f"This needs {BUG['memory']} GiB of free memory.", flush=True)

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, dtype):  # its outputs, on the CPU
        dtype = getattr(torch, dtype)
        outputs = function(*[t.to(dtype) if t.is_floating_point() else t for t in inputs()])
        return [t.detach().cpu() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]

    def error_ratio(got, cpu, exact):  # the device's error over the CPU's; infinite where no rounding explains it
        if got.shape != cpu.shape or got.dtype != cpu.dtype:
            return float("inf")
        same = [(got == t) | (got.isnan() & t.isnan()) for t in (cpu, exact.to(cpu.dtype))]
        if got.numel() == 0 or not (got.is_floating_point() or got.is_complex()):
            return 0.0 if (same[0] | same[1]).all() else float("inf")
        eps, got, cpu, exact = torch.finfo(cpu.dtype).eps, wide(got), wide(cpu), wide(exact)
        exact = torch.where(exact.isfinite(), exact, cpu)
        here, there = (t.isfinite() & exact.isfinite() for t in (cpu, got))  # NaN and infinity have their places
        pairs = ((got - exact, there), (cpu - exact, here), (exact, here))
        sizes = (torch.where(finite, t.abs(), 0.0) for t, finite in pairs)
        error, own, size = (torch.stack([t.square().mean().sqrt(), t.max()]) for t in sizes)  # RMS and largest
        rounding = torch.maximum(own, eps * size).clamp(min=2**-126) if own.any() else own  # a copy must be exact
        ratio = (error / rounding).nan_to_num(0.0, float("inf")).max().item()
        return ratio if (same[0] | same[1] | there).all() else float("inf")

    def in_float64(function):
        return lambda *tensors: function("cpu", *map(wide, tensors))

    def verdict(function, reference, dtype):
        shown = f"  {function.__name__:10}" + f" {dtype}" * ("dtypes" in BUG)
        try:
            runs = [run(lambda *tensors: function(device, *tensors), dtype) for _ in range(repeats)]
        except Exception as error:
            print(f"{shown} {type(error).__name__}: {str(error).partition(chr(10))[0]}: ERROR", flush=True)
            return "ERROR"
        cpu, exact = run(lambda *tensors: function("cpu", *tensors), dtype), run(reference, dtype)
        found = []
        for got in runs:
            ratios = [error_ratio(*outputs) for outputs in zip(got, cpu, exact)]
            found.append(ratios if len(got) == len(cpu) else [float("inf")])
        wrong = sum(max(ratios) > 10 for ratios in found)
        ratios = ", ".join(f"{ratio:.3g}" for ratio in max(found, key=max))  # one for each output, of the worst run
        often = f", {wrong} of {repeats} runs are wrong" * (repeats > 1)
        print(f"{shown} error ratio {ratios}, 10 allowed{often}: {'WRONG' if wrong else 'agrees'}", flush=True)
        return "WRONG" if wrong else "AGREES"

    found, beside, reference = [], [], globals().get("reference", in_float64(compute))
    for dtype in BUG.get("dtypes", ["float32"]):
        found.append(verdict(compute, reference, dtype))
        beside.append(verdict(control, in_float64(control), dtype))
        if "workaround" in globals():
            verdict(workaround, reference, dtype)
    worst = max(found)  # by the alphabet: AGREES, ERROR, WRONG
    if worst == "ERROR" and (kind not in ("error", "memory") or max(beside) != "AGREES"):
        sys.exit("COULD NOT RUN: compute raised an error; that is not the bug, or control is not right either")
    right = worst == "AGREES"
    if right and repeats > 1:
        rate = BUG.get("rate", 1 - 0.01 ** (1 / repeats))
        seen = 1 - (1 - rate) ** repeats
        print(f"What is wrong in {rate:.2%} of runs shows in {repeats} runs with a chance of {seen:.2%}.")
    print(f"{worst}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if right else 3)
