"""`F.conv2d` with groups and a kernel of 256 or more in one direction is wrong for larger batches.

Apple's own kernel is started with numbers that overrun the memory of a thread group. How much it takes grows with the
kernel and with the batch, says a reviewer of the fix. The result is wrong in the same way each time, and nothing is
raised. In float16, and for a batch of one, the reporter found right results.

You hit it with EEGNet and the like for brain signals: their spatial convolution spans all electrodes, one group a
channel. Batches of 2 to 16 were wrong there, so a model trains on wrong numbers while a look at one sample is right.

The thread is of June 2026; its PyTorch version is not known. The release notes of 2.14 list the fix (pytorch#188359),
which adds up parts of the kernel below 256; a fix in macOS was asked for. By its description the fix is for all such
kernels. Whether those without groups are wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#188335",
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv2d"],
    "affected": "<2.14",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#188359",
    "reported": [{"thread": "pytorch/pytorch#188335", "date": "2026-06-27"}],
    "met_in": ["EEGNet of braindecode: its spatial convolution over the electrodes (thread)"],
    "caveat": "How the numbers are wrong is not known: the software model of this bug only disturbs them. Only kernels with groups and a batch above one are checked.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["conv2d"],
            "when": ["input.size.0 > 1", "input.dtype == float32", "groups.value > 1", "weight.size.2 >= 256"],
        },
        {
            "op": ["conv2d"],
            "when": ["input.size.0 > 1", "input.dtype == float32", "groups.value > 1", "weight.size.3 >= 256"],
        },
    ],
    "effect": "noise(result, 1)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 8, 256, 8, generator=generator)  # batch, filter, electrode, time
    return x, torch.randn(16, 1, 256, 1, generator=generator)


def compute(device, x, weight):
    return F.conv2d(x.to(device), weight.to(device), groups=8)


def workaround(device, x, weight):
    x, weight = x.to(device), weight.to(device)
    halves = [F.conv2d(part, kernel, groups=8) for part, kernel in zip(x.split(128, 2), weight.split(128, 2))]
    return halves[0] + halves[1]  # kernels of 128


def control(device, x, weight):
    return F.conv2d(x.to(device)[:1], weight.to(device), groups=8)  # a batch of one


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
