"""`x[..., 0].clamp_(0, 1)` clamps other numbers than those of the column.

As many numbers as the column has are read, clamped and written, but those that lie side by side in memory; most of
the column stays as it was. Nothing is raised. In the report of Ultralytics a box of a wide image, clamped to its
height, lost its right part: x2 went from 2208.4 to 1440, and all other numbers stayed (ultralytics#25485); that fits
the first six numbers of six boxes.

You hit it when you clamp one column in place: coordinates of boxes in torchvision's transforms and in Ultralytics'
YOLO, one feature of an activation. `x[..., 0] = x[..., 0].clamp(0, 1)` is right.

Reported on macOS 14 in February 2025, for a PyTorch version that is not known; Ultralytics names 2.4.1. A maintainer
finds the fault gone on macOS 15, where views need no copies since pytorch#128393. A fix for macOS 14 is not known.

Below macOS 15 the kernel leaves a view with gaps as it lies in memory, if the result is to be written there too. That
condition is the one of pytorch#97858, seen in later code.
"""

BUG = {
    "issue": "pytorch/pytorch#147510",
    "also": [
        "ultralytics/ultralytics#5817",
        "ultralytics/ultralytics#6670",
        "ultralytics/ultralytics#25496",
        "ultralytics/ultralytics#21878",
        "ultralytics/ultralytics#25485",
    ],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.clamp_"],
    "affected": "==2.4.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "macos_note": "#147510 is of macOS 14; a maintainer finds it gone on macOS 15, by the native strides of PyTorch 2.5 (#128393)",
    "reported": [
        {"thread": "pytorch/pytorch#147510", "date": "2025-02-20"},
        {
            "thread": "ultralytics/ultralytics#25485",
            "date": "2026-07-28",
            "figures": {"cpu_x2": 2208.4, "mps_x2": 1440},
        },
        {"thread": "ultralytics/ultralytics#25496", "date": "2026-07-29", "torch": "2.4.1"},
    ],
    "met_in": [
        "torchvision: clamp_bounding_boxes",
        "Ultralytics YOLO: clip_boxes before pull request 6670",
        "clamping one feature of an activation in place (judged)",
    ],
    "caveat": "The macOS of the sighting with 2.4.1 is not known, nor the PyTorch version of #147510. Ultralytics also keeps sigmoid_ of such views off the GPU; no thread shows it wrong, and it is not checked.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["clamp"], "form": "inplace", "when": ["self.layout == sliced"]}],
    "effect": "ignores-strides(self)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(6, 4, generator=generator) * 5,)


def compute(device, x):
    x = x.to(device, copy=True)
    x[..., 0].clamp_(0, 1)  # a column: not contiguous
    return x


def workaround(device, x):
    x = x.to(device, copy=True)
    x[..., 0] = x[..., 0].clamp(0, 1)
    return x


def control(device, x):
    x = x.to(device, copy=True)
    x[0].clamp_(0, 1)  # a row: contiguous
    return x


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
