"""`F.kl_div` is NaN if the target holds zeros.

The term of a zero probability is zero times the logarithm of zero, which counts as zero. On Apple GPUs it came out as
NaN, and so did the loss. Without zeros the loss is right.

You hit it with one-hot or masked targets, and with probabilities that underflow: the distribution of a next token, or
attention under a mask. A small number added to the target, as the reporter does, changes the loss; leave out the zeros
instead, or hand over logarithms with `log_target=True` where none is infinite.

Seen on 2.0.0 with macOS 13.2.1, on an x86 Python: whether the Mac had an Apple GPU is not said. The issue was open
when last seen; whether a later release is right is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#98269",
    "kind": "nan",
    "family": "loss",
    "ops": ["torch.nn.functional.kl_div"],
    "affected": "==2.0.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#98269",
            "date": "2023-04-04",
            "torch": "2.0.0",
            "macos": "13.2.1",
            "figures": {"cpu": 1.037, "mps": "nan", "no_zeros_both": 1.6974},
        }
    ],
    "met_in": ["one-hot or masked targets, and next-token probabilities that underflow (judged)"],
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["kl_div"], "when": ["target has zero", "log_target.value == false"]}],
    "effect": "sets(result, nan)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 8, generator=generator), torch.randn(2, 8, generator=generator)


def distributions(device, logits, target):
    logits, target = logits.to(device), target.to(device)
    return F.log_softmax(logits, -1), F.softmax(target, -1)


def compute(device, logits, target):
    found, wanted = distributions(device, logits, target)
    return F.kl_div(found, wanted * (target.to(device) > 0), reduction="sum")  # zeros in the target


def workaround(device, logits, target):
    found, wanted = distributions(device, logits, target)
    chosen = target.to(device) > 0  # the terms of the zeros are zero
    return F.kl_div(found[chosen], wanted[chosen], reduction="sum")


def control(device, logits, target):
    return F.kl_div(*distributions(device, logits, target), reduction="sum")


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
