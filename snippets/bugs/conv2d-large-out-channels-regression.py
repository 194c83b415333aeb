"""`F.conv2d` with more than 65,536 output channels is wrong again.

Apple's convolution did not support more than 2**16 output channels, and PyTorch refused them (pytorch#129484). For
macOS 15.1 and newer that guard was lifted (pytorch#140726), since 1-D convolutions seemed right there. 2-D ones were
not. Nothing is raised. In the older report of 1-D convolutions the channels past 65,536 landed at the start and their
own places stayed empty; that it is the same here is inferred.

Hardly a model has so many channels. You hit it where a convolution stands for a large matrix, such as a table of words
as 1 x 1 kernels. Split the weight, or use `F.linear`.

It was seen on a build of 2.6 on macOS 15.1.1 with an M3 Max. Whether the guard was put back before 2.6.0 is not known;
a test of March 2026 sets out to close the issue (pytorch#176099).
"""

BUG = {
    "issue": "pytorch/pytorch#142836",
    "also": ["pytorch/pytorch#140726", "pytorch/pytorch#142515", "pytorch/pytorch#129484", "pytorch/pytorch#176099"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv2d"],
    "affected": "==2.6.0a0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#142836",
            "date": "2024-12-11",
            "torch": "2.6.0a0",
            "macos": "15.1.1",
            "chip": "M3 Max",
        }
    ],
    "met_in": ["a large matrix written as 1 x 1 kernels (judged)"],
    "caveat": "Whether the guard was put back before 2.6.0 was not seen. A test of March 2026 (#176099) sets "
    "out to close the issue.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["conv2d"], "when": ["weight.size.0 > 65536"]}],
    "effect": "wraps(weight.size.0, 65536)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 2, 2, 2, generator=generator), torch.randn(65_600, 2, 1, 1, generator=generator)


def compute(device, x, weight):
    return F.conv2d(x.to(device), weight.to(device))


def workaround(device, x, weight):
    x, weight = x.to(device), weight.to(device)
    return torch.cat([F.conv2d(x, part) for part in weight.split(32_768)], 1)


def control(device, x, weight):
    return F.conv2d(x.to(device), weight.to(device)[:65_536])


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
