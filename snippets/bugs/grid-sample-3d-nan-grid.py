"""`F.grid_sample` in three dimensions takes NaN in the grid as -1.

A grid point with a NaN coordinate has no place in the volume, and the CPU returns NaN for it. The GPU code replaced
NaN by -1, the edge of the volume, and returned the number there (pytorch#163851). So a NaN that should be seen
vanishes.

You hit it where a deformation field has gone to NaN in training: the image still looks fine. Ask `torch.isnan` of the
grid first.

Three dimensions came to the GPU with 2.9. It was seen on a nightly build of September 2025, and pytorch#163881
corrects it a day later; whether 2.9.0 has that is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#163851",
    "kind": "wrong",
    "family": "mask",
    "ops": ["torch.nn.functional.grid_sample"],
    "introduced": {"version": "2.9", "basis": "release notes"},
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#163881",
    "reported": [
        {
            "thread": "pytorch/pytorch#163851",
            "date": "2025-09-25",
            "figures": {"cpu": ["nan", 1], "mps": [1, 1]},
        }
    ],
    "met_in": ["a deformation field that has gone to NaN (judged)"],
    "caveat": "grid_sampler_3d came to the backend with 2.9.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["grid_sampler_3d"], "when": ["grid has nan"]}],
    "effect": "sets(grid, -1)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    point = torch.full((1, 1, 1, 1, 3), -1.0)  # (batch, depth, height, width, coordinate)
    point[..., 0] = float("nan")
    return torch.randn(1, 1, 3, 3, 3, generator=generator), point


def compute(device, volume, point):
    return F.grid_sample(volume.to(device), point.to(device), align_corners=True)


def workaround(device, volume, point):
    point = point.to(device)
    unknown = point.isnan().any(-1)[:, None]  # for each channel
    found = F.grid_sample(volume.to(device), point.nan_to_num(0.0), align_corners=True)
    return found.masked_fill(unknown, float("nan"))


def control(device, volume, point):
    return F.grid_sample(volume.to(device), point.to(device).nan_to_num(0.0), align_corners=True)


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
