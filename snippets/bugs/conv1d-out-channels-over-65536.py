"""`F.conv1d` with more than 65,536 output channels writes the last channels over the first ones.

In the report, 65,537 channels give a wrong channel 0 and zeros in the last channel; 65,536 are right. The wrong
channel 0 is, digit for digit, the weights of channel 65,536 with the bias of channel 0 (computed on a CPU from the seed
in the report), as if a channel's number were kept in 16 bits (inferred). The reporter saw the same with `Conv2d`.

You hit it with very wide convolutions only, for instance a dictionary of more than 65,536 latents written as a
convolution of width 1. The thread names no model. Split the output channels into several calls and join the results.

PyTorch 2.5.0 does not fix it but raises NotImplementedError (pytorch#129484), also where another side of the output
is that long; this snippet then ends with that error. On macOS 15.1 the report's example gave right numbers
(pytorch#140722), and since 2.6.0 the error is raised only below 15.1 (pytorch#140726). A development build of 2.6 was
then wrong for `Conv2d` on macOS 15.1.1, while `Conv1d` appeared to work (pytorch#142836).
"""

BUG = {
    "issue": "pytorch/pytorch#129207",
    "also": [
        "pytorch/pytorch#140722",
        "pytorch/pytorch#140726",
        "pytorch/pytorch#142836",
        "pytorch/pytorch#142515",
        "pytorch/pytorch#144445",
    ],
    "kind": "wrong",
    "family": "large",
    "affected": "<2.5",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#129484",
    "macos": "<15.1",
    "reported": [
        {
            "thread": "pytorch/pytorch#129207",
            "date": "2024-06-21",
            "figures": {
                "channel_0_cpu": [0.373, 0.369, 0.844],
                "channel_0_mps": [0.163, 0.169, 0.169],
                "channel_65536_cpu": [-0.573, -0.567, -0.568],
                "channel_65536_mps": [0.0, 0.0, 0.0],
            },
        }
    ],
    "met_in": ["any Conv1d with more than 65,536 output channels; the thread names no model"],
    "trigger": [{"op": ["conv1d"], "when": ["weight.size.0 > 65536"]}],
    "effect": "wraps(weight.size.0, 65536)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, 3, generator=generator)
    weight = torch.randn(66_000, 1, 3, generator=generator)  # (output channel, input channel, width)
    bias = torch.randn(66_000, generator=generator)
    return x, weight, bias


def compute(device, x, weight, bias):
    return F.conv1d(x.to(device), weight.to(device), bias.to(device), padding=1)


def workaround(device, x, weight, bias):
    x, weight, bias = x.to(device), weight.to(device), bias.to(device)
    parts = []
    for start in range(0, weight.shape[0], 32_768):
        chunk = slice(start, start + 32_768)
        parts.append(F.conv1d(x, weight[chunk].clone(), bias[chunk].clone(), padding=1))
    return torch.cat(parts, dim=1)


def control(device, x, weight, bias):
    return F.conv1d(x.to(device), weight.to(device)[:65_536], bias.to(device)[:65_536], padding=1)  # still right


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
