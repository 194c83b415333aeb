"""`F.adaptive_max_pool2d` gives wrong values and places where the sizes do not divide.

Adaptive pooling takes windows of different sizes, which may overlap. On Apple GPUs it was one ordinary max-pooling
with a single window size and stride. That is the same only where the division of the input size by the output size
leaves no remainder, or a remainder of 1. From 5 x 5 to 3 x 3 the first row came out as 12, 13, 14 where 6, 8, 9 is
right; from 2 x 2 to 4 x 4 even the shape was wrong. The indices, and so the gradients, are wrong too. Nothing is raised.

You hit it in vision models that pool to a fixed size, such as 7 x 7, with images of other sizes than usual.

It was seen on 2.13.0 and on the main branch of July 2026; since when it was so is not known, and the same was reported
in December 2025 (pytorch#169738). The release notes of 2.14 list the fix (pytorch#189659).
"""

BUG = {
    "issue": "pytorch/pytorch#190064",
    "also": ["pytorch/pytorch#190065", "pytorch/pytorch#169738"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.adaptive_max_pool2d"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#189659",
    "reported": [
        {
            "thread": "pytorch/pytorch#190064",
            "date": "2026-07-15",
            "torch": "2.13.0",
            "figures": {"cpu": [6, 8, 9], "mps": [12, 13, 14], "2x2_to_4x4": "shape 1x1"},
        }
    ],
    "met_in": ["vision models that pool maps of any size to a fixed one (judged)"],
    "caveat": "Sizes with a remainder of 1, such as 7 to 3, are right by the code, but are counted as hit. The software model of this bug only disturbs the numbers.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["adaptive_max_pool2d"], "when": ["self.size.-1 not-multiple-of output_size.value.-1"]},
        {"op": ["adaptive_max_pool2d"], "when": ["self.size.-2 not-multiple-of output_size.value.-2"]},
    ],
    "effect": "noise(result, 1)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 1, 5, 5, generator=generator),)


def compute(device, x):
    return F.adaptive_max_pool2d(x.to(device), 3)


def workaround(device, x):
    x = x.to(device)  # the windows of 5 to 3, one by one: 0 to 2, 1 to 4, 3 to 5
    ends = [(0, 2), (1, 4), (3, 5)]
    rows = torch.stack([x[:, :, top:bottom].amax(2) for top, bottom in ends], 2)
    return torch.stack([rows[..., left:right].amax(-1) for left, right in ends], -1)


def control(device, x):
    return F.adaptive_max_pool2d(x.to(device)[:, :, :4, :4].contiguous(), 2)  # 4 to 2: it divides


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
