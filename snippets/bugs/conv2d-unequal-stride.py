"""`F.conv2d` with two different strides, and `F.conv1d` with a stride above 1, differ from the CPU.

Height and width were mixed up where the GPU is told the strides (inferred from the title of the fix, which is about
strides and paddings that do not match). With the same stride in both directions that makes no difference. A 1-D
convolution is computed as a 2-D one of height 1, with a stride of 1 in that direction, so any other stride of its own
is an unequal one (inferred). Nothing is raised.

You hit it in speech models, which shorten their input by strided `Conv1d` layers, and in vision models for
spectrograms. A convolution of stride 1, of which every second output is kept, is right.

Both were reported in August 2022, on a nightly of 1.13 with macOS 12.5: `conv2d` with stride (1, 2), `conv1d` with
stride 2. The fix was sent in the same month (pytorch#83522); in which release it is has not been found out. Different
paddings are in the title of the fix, but no thread shows them wrong.
"""

BUG = {
    "issue": "pytorch/pytorch#83180",
    "also": ["pytorch/pytorch#82921"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv1d", "torch.nn.functional.conv2d"],
    "affected": "==1.13.0.dev20220801",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#83522",
    "reported": [
        {"thread": "pytorch/pytorch#82921", "date": "2022-08-05", "torch": "1.13.0.dev20220801", "macos": "12.5"},
        {"thread": "pytorch/pytorch#83180", "date": "2022-08-10", "torch": "1.13.0.dev20220801", "macos": "12.5"},
    ],
    "met_in": ["transformers: Whisper, whose second Conv1d has a stride of 2"],
    "caveat": "How the numbers are wrong is not said; the software model of this bug disturbs them at random.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["conv1d"], "when": ["stride.value.0 > 1"]},
        {"op": ["conv2d"], "when": ["stride.value.0 != stride.value.1"]},
    ],
    "effect": "noise(result, 1)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 1, 3, 6, generator=generator), torch.randn(1, 1, 3, 3, generator=generator)


def compute(device, image, weight):
    return F.conv2d(image.to(device), weight.to(device), stride=(1, 2))


def workaround(device, image, weight):
    return F.conv2d(image.to(device), weight.to(device))[..., ::2]


def control(device, image, weight):
    return F.conv2d(image.to(device), weight.to(device), stride=(2, 2))


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
