"""`F.avg_pool2d` with padding leaves the padding out of its averages, whatever `count_include_pad` says.

By default the zeros of the padding count: a corner window of 3 x 3 is the sum of its four elements divided by nine.
In a source from before the fix, of a version that is not known, the GPU is not given `count_include_pad`, and
Apple's graph then divides by the elements that lie in the image, here four; that is inferred, since the fix mentions
`True` alone. So every window that touches the border is too large. The same source reads `divisor_override` only to
tell cached graphs apart, and never divides by it. Nothing is raised.

You hit it in convolutional networks that average with padding. Inception v3 in torchvision does,
`F.avg_pool2d(x, 3, stride=1, padding=1)`. Pad by hand, `F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, stride=1)`.

The fix names the wrong averages, no version and no figures. It was sent to be merged on 9 February 2023, before the
branch of PyTorch 2.0 was cut.
"""

BUG = {
    "issue": "pytorch/pytorch#94348",
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.avg_pool2d"],
    "affected": "<2.0",
    "basis": {"seen": "unknown", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#94348",
    "reported": [{"thread": "pytorch/pytorch#94348", "date": "2023-02-07"}],
    "met_in": ["torchvision: Inception v3 (judged)"],
    "caveat": "How it was wrong is read from a source before the fix; the fix gives no figures.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["avg_pool2d"], "when": ["count_include_pad.value == true", "padding.value.0 > 0"]},
        {"op": ["avg_pool2d"], "when": ["count_include_pad.value == true", "padding.value.-1 > 0"]},
    ],
    "effect": "sets(count_include_pad, false)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 2, 5, 5, generator=generator),)


def compute(device, x):
    return F.avg_pool2d(x.to(device), 3, stride=1, padding=1)


def workaround(device, x):
    return F.avg_pool2d(F.pad(x.to(device), (1, 1, 1, 1)), 3, stride=1)


def control(device, x):
    return F.avg_pool2d(x.to(device), 3, stride=1)  # no padding


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
