"""`nn.Conv3d` with contiguous input gives numbers unrelated to the CPU's for common small kernels.

This happens on macOS 26.2 alone. PyTorch 2.14.0 computes 3-D convolutions with code of its own, which for common
kernels (3x3x3, 1x3x3, 3x1x1) and a contiguous input uses a library of macOS, Metal Performance Primitives. That of
macOS 26.2 is broken, a contributor supposes. The report, with 3x3x3 kernels and padding, found most numbers of
channels wrong. Nothing is raised.

You hit it in video models, such as the VAE of a video generator. The patch embedding of Qwen2-VL, whose kernel does
not overlap, uses other code, and so do 1x1x1 kernels. Convert the input to `channels_last_3d`: that was right in the
report, and uses other code too.

The same Mac (M2 Max) was right after the update to macOS 26.7, and another M2 was right on 26.3. Which PyTorch the
report used is not known; that it takes 2.14.0 or newer is inferred from the source and the release notes.
"""

BUG = {
    "issue": "pytorch/pytorch#197114",
    "also": ["pytorch/pytorch#188802", "pytorch/pytorch#192229"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv3d"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "macos": ">=26.2,<26.3",
    "macos_note": "wrong on 26.2 (25C56), right on 26.7 (25G229) of the same machine; another M2 was right on 26.3",
    "reported": [{"thread": "pytorch/pytorch#197114", "date": "2026-09-15", "chip": "M2 Max", "macos": "26.2"}],
    "met_in": ["3-D convolutions of video models, such as the VAE of a video generator (judged)"],
    "caveat": "The PyTorch version is not known. A contributor supposes that a library of macOS 26.2 is broken.",
    "caused_by": "macos",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["conv3d"],
            "when": [
                "input.layout == contiguous",
                "weight.size.2 in 1,3",
                "weight.size.3 == 3",
                "weight.size.4 == 3",
                "stride.value.0 in 1,2",
                "stride.value.-1 in 1,2",
                "dilation.value.0 == 1",
                "groups.value == 1",
            ],
        },
        {
            "op": ["conv3d"],
            "when": [
                "input.layout == contiguous",
                "weight.size.2 == 3",
                "weight.size.3 == 1",
                "weight.size.4 == 1",
                "stride.value.0 in 1,2",
                "stride.value.-1 == 1",
                "dilation.value.0 == 1",
                "groups.value == 1",
            ],
        },
    ],
    "effect": "noise(result, 1)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    video = torch.randn(1, 8, 8, 8, 8, generator=generator)  # batch, channels, frames, height, width
    weight = torch.randn(8, 8, 3, 3, 3, generator=generator) / 15
    return video, weight


def compute(device, video, weight):
    return F.conv3d(video.to(device), weight.to(device), padding=1)


def workaround(device, video, weight):
    channels_last = video.to(device).contiguous(memory_format=torch.channels_last_3d)
    return F.conv3d(channels_last, weight.to(device), padding=1)


def control(device, video, weight):
    return F.conv3d(video.to(device), weight.to(device)[:, :, :1, :1, :1].contiguous())  # a 1x1x1 kernel


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
