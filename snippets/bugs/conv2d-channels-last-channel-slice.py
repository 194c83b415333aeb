"""`F.conv2d` and `F.batch_norm` of a slice of a `channels_last` tensor read it as if it were packed.

Cut some channels out of a tensor in `channels_last` order, `x[:, :4]`, and the strides still look like that order,
but between one pixel and the next lie the channels that were cut off. PyTorch asked only whether the strides look so,
and handed Apple's framework the memory as packed. So the numbers of the other channels slip in. Nothing is raised;
`.contiguous()` on the slice fixes it.

You hit it in vision models that run in `channels_last` and split or slice their channels before a convolution. In the
plain order nothing is hit.

The thread, of April 2026, shows `conv2d`. The fix (pytorch#180992) names `batch_norm`, `avg_pool2d` and
`adaptive_avg_pool2d` as wrong in the same way. That the fix is in 2.12.0 and not before is known from the macOS
wheels; since when the bug was there is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#180984",
    "kind": "wrong",
    "family": "conv-pool",
    "ops": [
        "torch.nn.functional.adaptive_avg_pool2d",
        "torch.nn.functional.avg_pool2d",
        "torch.nn.functional.batch_norm",
        "torch.nn.functional.conv2d",
    ],
    "affected": "<2.12",
    "basis": {"seen": "unknown", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#180992",
    "reported": [
        {
            "thread": "pytorch/pytorch#180984",
            "date": "2026-04-21",
            "figures": {"cpu_view_vs_contiguous": 0.0, "mps_view_vs_contiguous": 0.308},
        }
    ],
    "caveat": "Of the other ops that are named, only those two whose arguments have the same name are checked.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["conv2d", "batch_norm"],
            "when": [
                "input.ndim == 4",
                "input.layout == sliced",
                "input.stride.1 == 1",
                "input.stride.3 >= input.size.1",
                "input.stride.2 >= input.stride.3 * input.size.3",
                "input.stride.0 >= input.stride.2 * input.size.2",
            ],
        }
    ],
    "effect": "ignores-strides(input)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 4, 3, 3, generator=generator), torch.randn(2, 2, 1, 1, generator=generator)


def compute(device, x, weight):
    x = x.to(device).contiguous(memory_format=torch.channels_last)
    return F.conv2d(x[:, :2], weight.to(device))  # half of the channels: a view with gaps


def workaround(device, x, weight):
    x = x.to(device).contiguous(memory_format=torch.channels_last)
    return F.conv2d(x[:, :2].contiguous(), weight.to(device))


def control(device, x, weight):
    x = x.to(device)[:, :2].contiguous(memory_format=torch.channels_last)
    return F.conv2d(x, weight.to(device))  # the same channels, packed


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
