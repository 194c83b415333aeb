"""`F.conv2d` reads a weight that is a slice with gaps as if it were contiguous.

Apple's graph framework takes the weight's memory from front to back and does not look at its strides, says the author
of the fix, although PyTorch hands the strides over. A slice such as `weight[:, :, k]` of a 3-D kernel is then computed
with the numbers of other slices. Nothing is raised; `.contiguous()` on the weight gives right results. The gradients
were wrong too, by the fix.

You hit it where a 3-D convolution is written as a sum of 2-D ones over time, as code for Apple GPUs does to be
faster. The layers of a model hold contiguous weights and are not hit. Whether a weight in `channels_last`, which has
no gaps, is read wrongly is not known.

It shows on macOS 15 and later, since 2.5 passes strides there (pytorch#128393); before, PyTorch made a contiguous copy
first. The fix, pytorch#192303, goes back to that, and is in 2.14.
"""

BUG = {
    "issue": "pytorch/pytorch#192212",
    "also": ["pytorch/pytorch#128393"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv2d"],
    "introduced": {"version": "2.5", "basis": "thread"},
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#192303",
    "macos": ">=15",
    "reported": [
        {
            "thread": "pytorch/pytorch#192212",
            "date": "2026-08-05",
            "figures": {"mps_noncontiguous_max_error": 212.4155, "mps_contiguous_max_error": 0.000252},
        },
        {"thread": "pytorch/pytorch#195008", "date": "2026-08-28", "torch": "2.13.0", "figures": {"max_error": 212.4}},
    ],
    "met_in": ["3-D convolutions written as 2-D slices of their weight (judged)"],
    "caveat": "A weight in channels_last is not checked.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["conv2d"], "when": ["weight.layout == sliced"]}],
    "effect": "ignores-strides(weight)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 4, 8, 8, generator=generator)
    weight = torch.randn(3, 4, 3, 3, 3, generator=generator)  # a 3-D kernel: (out, in, time, height, width)
    return x, weight


def compute(device, x, weight):
    return F.conv2d(x.to(device), weight.to(device)[:, :, 1])  # its slice at one time: a view with gaps


def workaround(device, x, weight):
    return F.conv2d(x.to(device), weight.to(device)[:, :, 1].contiguous())


def control(device, x, weight):
    return F.conv2d(x.to(device), weight[:, :, 1].contiguous().to(device))  # contiguous from the start


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
