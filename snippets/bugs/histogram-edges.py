"""`torch.histogram` and `torch.histc` count values that lie just outside the range.

A value outside the range belongs to no bin. The GPU takes it in if it is less than 4e-6 away from the outer edge, on
either side: above it lands in the last bin. Below, the number of its bin is -1, and the count is written there, into
the memory in front of the histogram.

You hit it where rounding leaves values like 1.0000001, as in images that should lie in [0, 1]: Kornia's
`equalize_clahe` on the GPU differed for that reason (kornia#4611). Clamp or drop them first. Values further outside
are right.

It was seen in PyTorch 2.14.0 and in a build of 2.15 of August 2026. A fix is open (pytorch#195447). Whether earlier
releases are hit is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#195076",
    "also": ["pytorch/pytorch#195447", "kornia/kornia#4611"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.histogram", "torch.histogramdd", "torch.histc"],
    "affected": ">=2.14.0,<=2.15.0a0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#195076", "torch": "2.15.0a0", "macos": "26.1", "chip": "M5"},
        {"thread": "pytorch/pytorch#195076", "date": "2026-09-22", "torch": "2.14.0", "chip": "M2"},
    ],
    "met_in": ["kornia: equalize_clahe of an image with values just above 1"],
    "caveat": "Only the largest value is checked, with the distance as a share of the edge.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["histogram"], "when": ["self.max > range.value.1", "self.max / range.value.1 < 1.000004"]},
        {"op": ["histogram"], "when": ["self.max > bins.max", "self.max / bins.max < 1.000004"]},
        {"op": ["histc"], "when": ["self.max > max.value", "self.max / max.value < 1.000004"]},
    ],
    "effect": "scales(self, 0.99999)",
}

import torch


def inputs():
    return (torch.tensor([0.1, 0.3, 0.6, 1.000001]),)  # the last one is outside


def compute(device, x):
    return torch.histogram(x.to(device), bins=4, range=(0.0, 1.0)).hist


def workaround(device, x):
    x = x.to(device)
    return torch.histogram(x[(x >= 0) & (x <= 1)], bins=4, range=(0.0, 1.0)).hist


def control(device, x):
    return torch.histogram(x.to(device)[:3], bins=4, range=(0.0, 1.0)).hist


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
