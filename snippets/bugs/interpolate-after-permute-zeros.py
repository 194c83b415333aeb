"""`F.interpolate` of a permuted image gives zeros.

One pixel of two channels, permuted from (height, width, channel) to (channel, height, width), came back as zeros from
`mode="bilinear"`. `.contiguous()` does not help: with so few pixels the view counts as contiguous already, and only
its strides give away that it was permuted. The same shape made directly is right. That the kernel takes such strides
for the order `channels_last`, and cannot handle it, is inferred.

You hit it where an image is loaded in the order of NumPy or PIL and resized on the device. The title of the thread
names any permuted tensor; shown is the one of a single pixel, a view that counts as contiguous. Others, as
SegFormer has them, may be hit too.

Reported in November 2022 and closed; neither the version nor a fix is known.
"""

BUG = {
    "issue": "pytorch/pytorch#88183",
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.interpolate"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#88183", "date": "2022-11-01", "figures": {"cpu": 1, "mps": 0}}],
    "met_in": ["images of one pixel, permuted from height, width, channel (judged)"],
    "caveat": "Only views that count as contiguous are checked.",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {
            "op": ["upsample_bilinear2d"],
            "when": [
                "input.ndim == 4",
                "input.layout == contiguous",
                "input.size.1 > 1",
                "input.stride.1 == 1",
                "input.stride.3 == input.size.1",
                "input.stride.2 == input.size.1 * input.size.3",
            ],
        }
    ],
    "effect": "sets(result, 0)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 1, 1, 2, generator=generator),)  # batch, height, width, channel


def compute(device, image):
    return F.interpolate(image.to(device).permute(0, 3, 1, 2), size=[2, 2], mode="bilinear")


def workaround(device, image):
    image = image.to(device).permute(0, 3, 1, 2)
    plain = torch.empty(1, 2, 1, 1, dtype=image.dtype, device=device).copy_(image)
    return F.interpolate(plain, size=[2, 2], mode="bilinear")


def control(device, image):
    return F.interpolate(image.to(device).reshape(1, 2, 1, 1), size=[2, 2], mode="bilinear")  # made directly


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
