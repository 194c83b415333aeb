"""`F.grid_sample` of a picture in the order `channels_last` gives other numbers than the CPU.

In the thread a grid sends each pixel to itself, so that the picture should come back unchanged. In `channels_last` it
does not. Nothing is raised.

You hit it where a vision model in `channels_last` samples its feature maps: warping by optical flow, deformable
attention, spatial transformers. Call `.contiguous()` on the picture first.

Two faults are named in the thread. The graph for `channels_last` is wrong. And PyTorch finds a finished graph again by
a name that lacks the memory format: the first call with a shape decides for both orders. So an earlier call in the
plain order hides the fault; that an earlier call in `channels_last` spoils the plain order too is inferred.

It was seen on 2.10.0 in February 2026. On the same day a pull request moved this op to a kernel of PyTorch's own
(pytorch#174343). Whether that fixes it, and in which release, is not known, and the issue was open when last seen. How
the numbers come about is not known either; by the source the picture may be taken for one whose channels come last. The
software model of this bug reads its memory in the plain order instead.
"""

BUG = {
    "issue": "pytorch/pytorch#174339",
    "also": ["pytorch/pytorch#174343"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.grid_sample"],
    "affected": "==2.10.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#174339", "date": "2026-02-04", "torch": "2.10.0"}],
    "met_in": ["warping by optical flow and spatial transformers in channels_last (judged)"],
    "caveat": "Other releases were not looked at. pytorch#174343 replaced the code; no thread that was read calls it the fix.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-12-01",
    "trigger": [
        {
            "op": ["grid_sampler_2d"],
            "when": ["input.order == 0231", "interpolation_mode.value != 2", "padding_mode.value != 1"],
        }
    ],
    "effect": "ignores-strides(input)",
    "fresh": True,
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    picture = torch.randn(1, 8, 8, 4, generator=generator)  # batch, height, width, channel
    return picture, torch.rand(1, 8, 8, 2, generator=generator) * 2 - 1


def compute(device, picture, grid):
    x = picture.to(device).permute(0, 3, 1, 2)  # channels last in memory
    return F.grid_sample(x, grid.to(device), align_corners=False)


def workaround(device, picture, grid):
    x = picture.to(device).permute(0, 3, 1, 2).contiguous()
    return F.grid_sample(x, grid.to(device), align_corners=False)


def control(device, picture, grid):
    x = picture.permute(0, 3, 1, 2).contiguous().to(device)  # the same numbers in the plain order
    return F.grid_sample(x, grid.to(device), align_corners=False)


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
