"""`F.pad` of a 5-D tensor writes the fill value over the data.

Pad the third dimension of a 5-D tensor, such as the time of a video, and once height times width is 65,536 or more,
most of the result is the fill value, also where the data should be. With 65,472 it is right, and how the extent splits
between height and width does not matter. Tensors of four dimensions with as many elements are right. Nothing is
raised.

You hit it in video models and their causal 3-D convolutions, which pad the time at the front: 256 by 256 pixels
suffice. `torch.cat` with zeros in front is right on any version.

It was seen on 2.13.0, on an M4 Max, and on an M1 Pro with macOS 26.6, where two thirds to four fifths of the elements
were wrong. A fix is pytorch#194944; which release has it first is not known. Older reports of `F.pad` past 65,536
elements are a bug of their own (`pad-65536-elements`).
"""

BUG = {
    "issue": "pytorch/pytorch#194922",
    "also": ["pytorch/pytorch#139823"],
    "kind": "wrong",
    "family": "large",
    "ops": ["torch.nn.functional.pad"],
    "affected": "==2.13.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#194944",
    "reported": [
        {"thread": "pytorch/pytorch#194922", "torch": "2.13.0", "chip": "M4 Max", "figures": {"wrong": "79.7 %"}},
        {
            "thread": "pytorch/pytorch#194922",
            "torch": "2.13.0",
            "macos": "26.6",
            "chip": "M1 Pro",
            "figures": {
                "wrong": "80.21 %",
                "share_wrong_H*W=65472": 0.0,
                "share_wrong_H*W=65536": 0.6667,
                "max_abs_diff": 4.98,
            },
        },
    ],
    "met_in": ["causal 3-D convolutions of video models, which pad the time (judged)"],
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["constant_pad_nd"],
            "when": ["self.ndim == 5", "self.size.3 * self.size.4 >= 65536", "pad.value.4 > 0"],
        },
        {
            "op": ["constant_pad_nd"],
            "when": ["self.ndim == 5", "self.size.3 * self.size.4 >= 65536", "pad.value.5 > 0"],
        },
    ],
    "effect": "sets(result, 0)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 1, 2, 256, 256, generator=generator),)  # batch, channel, time, height, width


def compute(device, x):
    return F.pad(x.to(device), (0, 0, 0, 0, 2, 0))  # two empty frames in front


def workaround(device, x):
    x = x.to(device)
    return torch.cat([torch.zeros_like(x[:, :, :1]).expand(-1, -1, 2, -1, -1), x], 2)


def control(device, x):
    return F.pad(x.to(device)[..., :255].contiguous(), (0, 0, 0, 0, 2, 0))


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
