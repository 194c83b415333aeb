"""`F.conv2d` of one half of `x.chunk(2, dim=1)` is right only for the first item of the batch.

A chunk of the channels is a view: packed within an item, with the other half in between from one item to the next. The
report fits a kernel that takes all items as packed one behind the other (inferred): the first is right, the second is
read from the other half. Nothing is raised.

You hit it where a model splits its channels, sends one half through a convolution, and joins them again, as the
blocks of many detectors do. A batch of one is right. Call `.contiguous()` on the chunk.

One reporter saw it, on an M5 Pro with macOS 26.2, on 2.9.0, 2.9.1 and a development build of 2.10. The issue was open
when last seen and is labelled as needing reproduction, so it may need that chip. Whether the first half, whose offset
is zero, is hit is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#169342",
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv2d", "torch.chunk"],
    "affected": ">=2.9.0,<=2.10.0.dev20251124",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#169342", "date": "2025-12-02", "torch": "2.9.1", "macos": "26.2", "chip": "M5 Pro"},
        {"thread": "pytorch/pytorch#169342", "date": "2025-12-02", "torch": "2.9.0"},
        {"thread": "pytorch/pytorch#169342", "date": "2025-12-02", "torch": "2.10.0.dev20251124"},
    ],
    "met_in": ["blocks that split their channels and join them again, as in detectors (judged)"],
    "caveat": "One reporter; the issue is labelled as needing reproduction. The first half of the chunk, whose offset is zero, is not checked.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["conv2d"],
            "when": [
                "input.ndim == 4",
                "input.layout == sliced",
                "input.offset > 0",
                "input.size.0 > 1",
                "input.stride.3 == 1",
                "input.stride.2 == input.size.3",
                "input.stride.1 == input.size.2 * input.size.3",
                "input.stride.0 == 2 * input.size.1 * input.stride.1",
            ],
        }
    ],
    "effect": "ignores-strides(input)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 4, 8, 8, generator=generator), torch.randn(2, 2, 3, 3, generator=generator)


def compute(device, x, weight):
    kept, half = x.to(device).chunk(2, dim=1)  # views
    return torch.cat([kept, F.conv2d(half, weight.to(device), padding=1)], 1)


def workaround(device, x, weight):
    kept, half = x.to(device).chunk(2, dim=1)
    return torch.cat([kept, F.conv2d(half.contiguous(), weight.to(device), padding=1)], 1)


def control(device, x, weight):
    return F.conv2d(x.to(device)[:1].chunk(2, dim=1)[1], weight.to(device), padding=1)  # a batch of one


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
