"""`torch.masked.log_softmax` gives 0 for a masked element where the CPU gives NaN.

Where the mask leaves nothing, a softmax has nothing to share out: every input is minus infinity, and the CPU gives
NaN. The GPU gave 0, so a row that is masked as a whole looks like a certain prediction. In the report it was a single
half-precision number with a mask of `False`. That `torch.masked.softmax` and `torch.masked.softmin` do the same was
supposed there, not shown, and so is a whole row of a matrix (inferred).

You hit it with a batch in which one sequence is padding alone. Ask the mask before the call whether it leaves
anything.

It was seen in PyTorch's own tests in October 2023. On macOS 14.6.1, with a nightly build of August 2024, it is gone:
Apple's part seems to have changed (inferred). Which versions had it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#111416",
    "kind": "wrong",
    "family": "mask",
    "ops": ["torch.masked.log_softmax"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "macos_note": "no longer shown on macOS 14.6.1 with a nightly of 2024-08-30",
    "reported": [{"thread": "pytorch/pytorch#111416", "date": "2023-10-17", "figures": {"cpu": "nan", "mps": 0}}],
    "met_in": ["a masked log_softmax over a sequence that is padding alone (judged)"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["log_softmax"], "when": ["self.dtype == float16", "self.max == -inf"]}],
    "effect": "sets(result, 0)",
    "absent": {"affected": "no source names a version"},
    "dtypes": ["float16"],
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, generator=generator), torch.zeros(4, dtype=torch.bool)  # the mask leaves nothing


def compute(device, logits, mask):
    return torch.masked.log_softmax(logits.to(device)[0], 0, mask=mask.to(device)[0])  # of a single number


def workaround(device, logits, mask):
    kept = mask.to(device)[0]
    found = torch.masked.log_softmax(logits.to(device)[0], 0, mask=torch.ones_like(kept))
    return torch.where(kept, found, torch.full_like(found, float("nan")))


def control(device, logits, mask):
    return torch.masked.log_softmax(logits.to(device), 0, mask=~mask.to(device))  # the mask leaves all


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
