"""`F.binary_cross_entropy_with_logits` of empty tensors is 0 instead of NaN.

The mean of no losses is not a number, and the CPU and CUDA say so. On Apple GPUs it came out as zero. Nothing is
raised.

You hit it where a batch is filtered and nothing is left: the empty batch counts as a perfect one. Ask for the number
of elements before the call.

Reported in January 2025; the version is not known. The issue is closed; a fix is not known. The mean of an empty
tensor is what is likely wrong (inferred: this loss is put together from other calls), but the thread shows this loss
alone.
"""

BUG = {
    "issue": "pytorch/pytorch#144104",
    "kind": "wrong",
    "family": "loss",
    "ops": ["torch.nn.functional.binary_cross_entropy_with_logits"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#144104", "date": "2025-01-02", "figures": {"cpu": "nan", "mps": 0.0}}],
    "met_in": ["an empty selection of a batch counts as loss 0 (judged)"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["binary_cross_entropy_with_logits"], "when": ["self.numel == 0", "reduction.value == 1"]}],
    "effect": "sets(result, 0)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.empty(0), torch.tensor([0.5])


def compute(device, none, one):
    return F.binary_cross_entropy_with_logits(none.to(device), none.to(device))


def workaround(device, none, one):
    loss = F.binary_cross_entropy_with_logits(none.to(device), none.to(device), reduction="sum")
    return loss / none.numel()  # 0 / 0


def control(device, none, one):
    return F.binary_cross_entropy_with_logits(one.to(device), one.to(device))


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU
        outputs = function(*where, *[precision(t.float() if t.is_floating_point() else t) for t in inputs()])
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
    for function in (compute, control, workaround):
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
        print(f"  {function.__name__:10} {said}: {found[function]}")
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
