"""Indexing with `x[rows, columns]` out of range reads other memory instead of raising.

The CPU raises an `IndexError` for an index that is not in the tensor. The GPU read whatever lies at that distance in
memory: in pytorch#105860 zeros and parts of other tensors came back as rows. Assigning wrote there: in pytorch#111669
the assignment to element 3 of a view of 2 elements changed the tensor that the view was cut from.

You hit it when a position in the residual stream is off by one: what comes back is a plausible vector, not an error.
Check the indices before the call, or run it once on the CPU.

It was seen on 2.0.1 and 2.1.0. PyTorch 2.10.0 reports a read out of range when the GPU is next waited for
(pytorch#166615); whether it refuses such a write is not known. The condition below knows of tensors with one
dimension alone, since it cannot say which index belongs to which dimension; the fault is the same with more.
"""

BUG = {
    "issue": "pytorch/pytorch#105860",
    "also": ["pytorch/pytorch#111669"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.__getitem__", "torch.Tensor.__setitem__"],
    "affected": ">=2.0.1,<2.10",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#166615",
    "reported": [
        {
            "thread": "pytorch/pytorch#105860",
            "date": "2023-07-24",
            "torch": "2.0.1",
            "figures": {"cpu": "error", "mps": "rows of other memory and zeros"},
        },
        {
            "thread": "pytorch/pytorch#111669",
            "date": "2023-10-20",
            "torch": "2.1.0",
            "macos": "13.5.2",
            "chip": "M2 Pro",
            "figures": {"cpu": "IndexError", "element_behind_the_view": -1},
        },
    ],
    "met_in": ["a position that is off by one gives a plausible vector (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["index", "index_put"],
            "when": ["self.ndim == 1", "indices.dtype in int32,int64", "indices.max >= self.size.0"],
        }
    ],
    "effect": "unchecked(indices)",
}

import torch


def inputs():
    return torch.arange(4), torch.tensor([3])


def compute(device, x, index):  # whether it raises an error
    try:
        x.to(device)[:2][index.to(device)].cpu()  # .cpu() waits for it
    except (IndexError, RuntimeError):
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, x, index):
    return (index >= 2).any()  # ask on the CPU, before the call


def control(device, x, index):
    return x.to(device)[index.to(device)]


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
