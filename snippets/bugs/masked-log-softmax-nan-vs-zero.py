"""`torch.masked.log_softmax` gives 0 for a masked element where the CPU gives NaN.

Where the mask leaves nothing, a softmax has nothing to share out: every input is minus infinity, and the CPU gives
NaN. The GPU gave 0, so a row that is masked as a whole looks like a certain prediction. In the report it was a single
half-precision number with a mask of `False`. That `torch.masked.softmax` and `torch.masked.softmin` do the same was
supposed there and is not known, and so is a whole row of a matrix (inferred).

You hit it with a batch in which one sequence is padding alone. Check before the call whether the mask leaves
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


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU; inputs in the dtype of the turn
        tensors = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in inputs()]
        outputs = function(*where, *map(precision, tensors))
        return [t.detach().cpu() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]

    def error_ratio(got, cpu, exact):  # the device's error over the CPU's; infinite where no rounding explains it
        right = torch.stack([(got == t) | (got.isnan() & t.isnan()) for t in (cpu, exact.to(cpu.dtype))]).any(0)
        kind, got, cpu, exact = got.dtype, wide(got), wide(cpu), wide(exact)
        exact = torch.where(exact.isfinite(), exact, cpu)
        rounds = kind.is_floating_point or kind.is_complex
        here, there = (t.isfinite() & exact.isfinite() & rounds for t in (cpu, got))
        if not (right | there).all() or not there.any():
            return 0.0 if right.all() else float("inf")
        sizes = (torch.where(ok, t.abs(), 0.0) for t, ok in ((got - exact, there), (cpu - exact, here), (exact, here)))
        error, own, size = (torch.stack([t.square().mean().sqrt(), t.max()]) for t in sizes)  # RMS and largest
        rounding = torch.maximum(own, torch.finfo(kind).eps * size).clamp(min=2**-126) if own.any() else own
        return (error / rounding).nan_to_num(0.0, float("inf")).max().item()  # where the CPU is exact, all must be

    found = {}
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
        cpu, exact = run(function, "cpu"), run(control if function is control else compute, "cpu", precision=wide)
        try:
            got = run(function, device)
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
            ratios = [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]
            found[function] = "WRONG" if max(ratios) > 10 else "agrees"
            said = f"error ratio {', '.join(f'{ratio:.3g}' for ratio in ratios)}, 10 allowed"  # one for each output
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
