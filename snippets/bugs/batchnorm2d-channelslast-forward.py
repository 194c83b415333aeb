"""`nn.BatchNorm2d` gives wrong results for inputs in the order channels last.

The code tells the GPU that the input is laid out channels last, and hands it a copy in the plain order, so that
numbers of different channels are normalised with each other's statistics. The fix stops the copying for such inputs.
Nothing is raised.

You hit it in vision models in `channels_last`. PyTorch's own tests found it, in eval mode; that training mode is
wrong in the same way is inferred. Call `.contiguous()` on the input.

Reported in August 2024, fixed the same month, in the release notes of 2.5.0. The tests had been skipped before, so
since when it was wrong is not known. The fix calls itself a first step and the issue was open when last seen; a
report of 2026 finds the forward pass right.
"""

BUG = {
    "issue": "pytorch/pytorch#134580",
    "also": ["kulinseth/pytorch#315"],
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.batch_norm"],
    "affected": "<2.5",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#134618",
    "reported": [{"thread": "pytorch/pytorch#134580", "date": "2024-08-27"}],
    "met_in": ["vision models in channels_last (judged)"],
    "caveat": "#134618 calls itself a first step and the issue was open when last seen; #175189 (2026) finds the forward pass right.",
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["batch_norm"], "when": ["input.order == 0231"]}],
    "effect": "ignores-strides(input)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 4, 4, 3, generator=generator)  # batch, height, width, channel
    return images, torch.randn(3, generator=generator), torch.rand(3, generator=generator) + 0.5


def compute(device, images, mean, variance):
    x = images.to(device).permute(0, 3, 1, 2)  # channels last in memory
    return F.batch_norm(x, mean.to(device), variance.to(device))


def workaround(device, images, mean, variance):
    x = images.to(device).permute(0, 3, 1, 2).contiguous()
    return F.batch_norm(x, mean.to(device), variance.to(device))


def control(device, images, mean, variance):
    x = images.permute(0, 3, 1, 2).contiguous().to(device)  # the same numbers in the plain order
    return F.batch_norm(x, mean.to(device), variance.to(device))


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
