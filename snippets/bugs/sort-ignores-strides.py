"""`torch.sort` and `torch.argsort` sort the wrong elements of a transposed tensor.

The report says that the GPU code reads the memory of the tensor from front to back and does not look at its strides. A
tensor that comes from `.T`, `transpose`, `permute` or `moveaxis` has its elements in another order in memory, so what
comes back is sorted, but made of the elements of other rows. The numbers look right; nothing is raised.

You meet it when you rank neurons, features or tokens along the other axis: `acts.T.sort()`, `(W @ v).T.argsort()`. Top-p
sampling, which sorts contiguous logits, is not touched, and neither is `topk`, says the report. `.contiguous()` before
the call cures it.

The report, of February 2026, names neither PyTorch nor macOS version; it saw the same in `digamma`, `lgamma` and
`polygamma`, which PyTorch 2.12.0 mends. PyTorch 2.13.0 has a new `sort`, whose source copies such a tensor first in one
state and passes the strides in a later one; that this is the cure is inferred, since the report is stored as open.
Whether slices with gaps are read wrongly too was not shown.
"""

BUG = {
    "issue": "pytorch/pytorch#175187",
    "also": [
        "pytorch/pytorch#101878",
        "pytorch/pytorch#102524",
        "pytorch/pytorch#175603",
        "pytorch/pytorch#180714",
        "pytorch/pytorch#180842",
    ],
    "kind": "wrong",
    "family": "sort",
    "ops": ["torch.argsort", "torch.msort", "torch.sort"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#175187", "date": "2026-02-17", "figures": {"digamma_max_abs_diff": 1.56}}],
    "met_in": ["ranking features or tokens with acts.T.sort(): the order returned belongs to other rows"],
    "caveat": "2.13.0 has another sort, which may be the cure; the issue is stored as open.",
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 35,
    "trigger": [{"op": ["sort", "argsort", "msort"], "when": ["self.layout == permuted"]}],
    "effect": "ignores-strides(self)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    acts = torch.randn(6, 4, generator=generator)  # tokens, neurons
    return (acts,)


def compute(device, acts):
    return torch.sort(acts.to(device).T)  # each neuron's tokens, ranked


def workaround(device, acts):
    return torch.sort(acts.to(device).T.contiguous())


def control(device, acts):
    return torch.sort(acts.to(device))  # each token's neurons: contiguous


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
