"""`index_reduce_` does not check its indices and writes far outside the tensor.

An index past the end, or a negative one, should raise an `IndexError`, as it does on the CPU. The GPU changes
whatever lies at that distance: in pytorch#189970 a view of 5 elements and the index 11 changed element 11 of the
tensor behind it, and other indices changed a tensor that had been made on its own. A negative index is taken as a
very large one. Nothing is raised.

You hit it when you keep the largest activation of each feature and one feature has a wrong number. Compare the
indices with the size before the call.

It was seen on 2.13.0 and on a build of 2.14. Two fixes, pytorch#189972 and pytorch#193895, are stored as open. Before
2.12 `index_reduce_` was not there on the GPU.
"""

BUG = {
    "issue": "pytorch/pytorch#189970",
    "also": ["pytorch/pytorch#189968", "pytorch/pytorch#189969", "pytorch/pytorch#193895"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.index_reduce_"],
    "affected": ">=2.13.0,<=2.14.0a0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#189972",
    "reported": [
        {
            "thread": "pytorch/pytorch#189970",
            "date": "2026-07-15",
            "torch": "2.13.0",
            "figures": {"cpu": "IndexError", "mps_storage_11": 88.0, "other_tensor_corrupted": True},
        },
        {"thread": "pytorch/pytorch#189970", "date": "2026-07-15", "torch": "2.14.0a0"},
    ],
    "met_in": ["the largest activation of each feature, kept with index_reduce_ (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["index_reduce"], "when": ["index.max >= self.size.dim"]},
        {"op": ["index_reduce"], "when": ["index.min < 0"]},
    ],
    "effect": "unchecked(index)",
}

import torch


def inputs():
    return torch.ones(16), torch.tensor([11]), torch.tensor([88.0])


def compute(device, memory, index, value):  # whether it raises an error, and what lies behind the view
    memory, raised = memory.to(device), False
    try:
        memory[:5].index_reduce_(0, index.to(device), value.to(device), "amax")
        memory.cpu()  # waits for an error
    except (IndexError, RuntimeError):
        raised = True
    return torch.tensor(raised), memory[5:]


def workaround(device, memory, index, value):
    return (index >= 5).any(), memory.to(device)[5:]  # ask on the CPU, before the call


def control(device, memory, index, value):
    memory = memory.to(device)
    memory[:12].index_reduce_(0, index.to(device), value.to(device), "amax")  # the view is long enough
    return memory


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
