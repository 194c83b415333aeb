"""`nn.ConvTranspose2d` accepts an invalid `output_padding` and returns a larger tensor.

`output_padding` must be smaller than the stride or than the dilation, in each direction. The CPU and CUDA raise an
error where it is not; on Apple GPUs the result is larger instead, and the model goes on with it. A valid
`output_padding` gives right numbers. The 1-D and 3-D modules are the same.

You hit it where a model with a wrong size, written on a Mac, runs there and fails elsewhere. Compare the three numbers
yourself.

The check is in the kernels of the CPU and CUDA alone, says the author of a fix. Reported in November 2025. Fixes
were still open in June and September 2026 (pytorch#186524, pytorch#195599), so releases up to then lack the check
(inferred).
"""

BUG = {
    "issue": "pytorch/pytorch#169236",
    "also": ["pytorch/pytorch#169259", "pytorch/pytorch#195599", "pytorch/pytorch#186524"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": [
        "torch.nn.functional.conv_transpose1d",
        "torch.nn.functional.conv_transpose2d",
        "torch.nn.functional.conv_transpose3d",
    ],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#169236",
            "date": "2025-11-29",
            "figures": {"cpu": "error", "mps": "output one or more wider"},
        }
    ],
    "met_in": ["a decoder with a wrong output_padding, written on a Mac (judged)"],
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"],
            "when": ["output_padding.value.0 >= stride.value.0", "output_padding.value.0 >= dilation.value.0"],
        },
        {
            "op": ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"],
            "when": ["output_padding.value.-1 >= stride.value.-1", "output_padding.value.-1 >= dilation.value.-1"],
        },
    ],
    "effect": "sets(output_padding, 0)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 1, 4, 4, generator=generator), torch.randn(1, 1, 3, 3, generator=generator)


def compute(device, x, weight):  # True: it raises an error, as it should
    try:
        F.conv_transpose2d(x.to(device), weight.to(device), stride=1, output_padding=1).cpu()
    except NotImplementedError:
        raise  # this torch has no such op here
    except RuntimeError:
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, x, weight):
    stride, dilation, output_padding = 1, 1, 1
    return torch.tensor(output_padding >= max(stride, dilation))  # ask before the call


def control(device, x, weight):
    return F.conv_transpose2d(x.to(device), weight.to(device), stride=2, output_padding=1)


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
