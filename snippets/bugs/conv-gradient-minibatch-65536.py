"""The weight gradient of `F.conv1d` and `F.conv2d` is wrong for 65,536 or more items in a batch.

Up to 65,535 items it is right; from 65,536 on it is wrong, and nothing is raised. The forward pass is right. Apple's
framework counts the items of a batch in 16 bits when it computes this gradient, and the count wraps, says the author
of a fix. 3-D convolutions are not hit, by the same author.

You hit it where each item is small: time series, tokens or patches that are handed to a convolution as a large batch.
Split the batch, and add up the gradients.

Reported in March 2023 without a version. The issue was open when last seen, and a fix, pytorch#193577, was opened in
August 2026; whether it landed is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#96225",
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv1d", "torch.nn.functional.conv2d"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#193577",
    "reported": [{"thread": "pytorch/pytorch#96225", "date": "2023-03-07"}],
    "met_in": ["small items in a large batch: time series, patches (judged)"],
    "caveat": "A fix (#193577) was opened on 2026-08-14. How the numbers are wrong is not known: the software model of this bug "
    "only disturbs them.",
    "caused_by": "macos",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["convolution_backward"],
            "when": [
                "input.ndim <= 4",
                "input.size.0 >= 65536",
                "output_mask.value.1 == true",
                "transposed.value == false",
            ],
        }
    ],
    "effect": "noise(result, 1)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(65_536, 1, 2, generator=generator), torch.randn(1, 1, 2, generator=generator)


def gradient(device, x, weight):
    weight = weight.to(device).requires_grad_()
    return torch.autograd.grad(F.conv1d(x, weight).square().mean(), weight)[0]


def compute(device, x, weight):
    return gradient(device, x.to(device), weight)


def workaround(device, x, weight):
    return sum(gradient(device, half, weight) for half in x.to(device).chunk(2)) / 2


def control(device, x, weight):
    return gradient(device, x.to(device)[:65_535], weight)


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
