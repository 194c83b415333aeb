"""`DataLoader` over labels that lie on the GPU repeats the first label.

A batch is made by `torch.stack` of single elements, each a view of one place in the tensor of labels. All of them were read at
the start of that tensor, so a batch of `1, 2, 3` came out as `1, 1, 1`. Nothing is raised and training goes on.

You hit it when a `TensorDataset` holds tensors on the device, as for a probe with few data: every example gets one label.
Keep the dataset on the CPU and move the batch.

Seen on PyTorch 1.13.1 (pytorch#91393) and on a development build of 2.0 of January 2023. It looks like the fault of
`torch.stack` with slices, whose fix is in 2.0 (pytorch#91071); no thread that was read says that it is. In August 2023 the
same was reported again (pytorch#108045), without a version in what was read.
"""

BUG = {
    "issue": "pytorch/pytorch#92265",
    "also": ["pytorch/pytorch#87856", "pytorch/pytorch#93356", "pytorch/pytorch#91071"],
    "kind": "wrong",
    "family": "offset",
    "ops": [
        "torch.stack",
        "torch.utils.data.DataLoader",
        "torch.utils.data.TensorDataset",
        "torch.utils.data.default_collate",
    ],
    "affected": ">=1.13.1,<=2.0.0.dev20230116",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#91393", "date": "2022-12-26", "torch": "1.13.1", "macos": "12.5"},
        {
            "thread": "pytorch/pytorch#92265",
            "date": "2023-01-16",
            "torch": "2.0.0.dev20230116",
            "figures": {"cpu": [1, 2, 3], "mps": [1, 1, 1]},
        },
        {"thread": "pytorch/pytorch#108045", "date": "2023-08-28"},
    ],
    "met_in": ["DataLoader over a TensorDataset on the device, for example to train a probe (pytorch#92265)"],
    "caveat": "#91071 (in 2.0.0 by #95323) mends stacks of unsqueezed views with an offset; no thread that was read says that it mends this. #108045 reports the same symptom in August 2023, version not read.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["stack"], "when": ["tensors.device == accel", "tensors.ndim == 0", "tensors.offset > 0"]}],
    "effect": "ignores-offset(tensors)",
}

import torch


def inputs():
    return (torch.tensor([1, 2, 3]),)


def compute(device, labels):
    return next(iter(torch.utils.data.DataLoader(labels.to(device), batch_size=3)))


def workaround(device, labels):
    return next(iter(torch.utils.data.DataLoader(labels, batch_size=3))).to(device)


def control(device, labels):
    return torch.stack([label.clone() for label in labels.to(device)])


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
