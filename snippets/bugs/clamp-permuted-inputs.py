"""`torch.clamp` of a permuted tensor puts its numbers in the wrong places.

The result of a permuted input is permuted too. The GPU works on a contiguous copy of the input and writes a
contiguous result into memory that is read with the permuted strides, says the author of a fix. Each number is clamped
correctly, and belongs to another place. Nothing is raised.

You hit it by clipping after a permute or `moveaxis`: pictures from (height, width, channel), activations per head.
Whisper of transformers 5.24 does in float16, where its encoder clamps what a convolution gave (seen on a CPU). Clamp
first and permute afterwards, or call `.contiguous()`. The first report is about bounds that are transposed tensors,
both of them: there the result is the upper bound everywhere, which is another mistake.

Seen on a build of 1.14 and on 1.13.1 and 2.0.0. A fix for it and for `masked_fill_` was proposed in September 2023
(pytorch#110120); which release is right is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#87348",
    "also": ["pytorch/pytorch#94396", "pytorch/pytorch#110120", "pytorch/pytorch#89673"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.clamp", "torch.clamp_max", "torch.clamp_min"],
    "affected": ">=1.13.1,<=2.0.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#97858",
    "reported": [
        {
            "thread": "pytorch/pytorch#87348",
            "date": "2022-10-20",
            "torch": "1.14.0a0",
            "macos": "12.6",
            "figures": {"cpu_row1": [0.57310677, 0.54094744], "mps_row1": [1.3186173, 0.747639]},
        },
        {"thread": "pytorch/pytorch#94396", "date": "2023-02-08", "torch": "1.13.1", "macos": "13.2"},
        {"thread": "pytorch/pytorch#89673", "date": "2023-03-16", "torch": "2.0.0"},
    ],
    "met_in": [
        "transformers: Whisper in float16",
        "clipping pictures or per-head activations after a permute (judged)",
    ],
    "caveat": "The case of the first report, bounds that are transposed tensors, is not checked.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["clamp", "clamp_min", "clamp_max"], "when": ["result.layout == permuted"]}],
    "effect": "ignores-strides(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(4, 5, 3, generator=generator),)  # height, width, channel


def compute(device, picture):
    return picture.to(device).permute(2, 0, 1).clamp(0, 0.5)


def workaround(device, picture):
    return picture.to(device).permute(2, 0, 1).contiguous().clamp(0, 0.5)


def control(device, picture):
    return picture.to(device).clamp(0, 0.5).permute(2, 0, 1)  # permuted afterwards


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
