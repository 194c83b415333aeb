"""`F.grid_sample` in three dimensions reads a non-contiguous grid as if it were contiguous.

A grid is often computed with its coordinates first, (batch, 3, depth, height, width), and permuted so that they come
last. On a 5-D input such a view gave numbers unlike those of the CPU, while a contiguous copy of the very same grid
was right. That the kernel reads the memory of the grid from front to back is inferred. Nothing is raised.

You hit it in volumetric warping: registration of medical images, deformation fields, neural radiance fields. Text
models do not sample grids. Call `.contiguous()` on the grid.

The kernel came with 2.9.0; a report of 1 January 2026 was answered by a fix the next day, which is in the release
notes of 2.11.0. The issue was open when last seen. Whether the 4-D form was hit is not known; the report is about 5-D
alone.
"""

BUG = {
    "issue": "pytorch/pytorch#171602",
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.nn.functional.grid_sample"],
    "introduced": {"version": "2.9", "basis": "release notes"},
    "affected": "<2.11",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#171619",
    "reported": [{"thread": "pytorch/pytorch#171602", "date": "2026-01-01"}],
    "met_in": ["warping of volumes with a grid that was permuted (judged)"],
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["grid_sampler_3d"], "when": ["grid.layout != contiguous"]}],
    "effect": "ignores-strides(grid)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    volume = torch.randn(1, 2, 3, 4, 4, generator=generator)
    coordinates = torch.rand(1, 3, 3, 4, 4, generator=generator) * 2 - 1  # the coordinates first
    return volume, coordinates


def compute(device, volume, coordinates):
    grid = coordinates.to(device).permute(0, 2, 3, 4, 1)
    return F.grid_sample(volume.to(device), grid, align_corners=False)


def workaround(device, volume, coordinates):
    grid = coordinates.to(device).permute(0, 2, 3, 4, 1).contiguous()
    return F.grid_sample(volume.to(device), grid, align_corners=False)


def control(device, volume, coordinates):
    grid = coordinates.permute(0, 2, 3, 4, 1).contiguous().to(device)  # laid out before it is moved
    return F.grid_sample(volume.to(device), grid, align_corners=False)


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
