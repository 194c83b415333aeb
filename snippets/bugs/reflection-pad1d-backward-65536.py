"""The backward of `F.pad(mode="reflect")` is wrong for signals longer than 65,536.

The gradient is wrong from the position `length mod 65536` to the end, unless the length is a multiple of 65,536: of
65,537 samples all but the first. The forward pass is right, and nothing is raised. How much is padded and how many
signals there are does not matter.

You hit it when you train on audio: `torch.stft` pads so by default (`center=True`), and losses over spectrograms are
made of it. At 44.1 kHz it takes a second and a half. A reflection put together from slices and `flip` is right.

Reported in September 2026 for a PyTorch version that is not known; since when it was so is not known. A fix is
pytorch#196985; that it was merged is inferred from the closed issue.
"""

BUG = {
    "issue": "pytorch/pytorch#196949",
    "kind": "wrong",
    "family": "large",
    "ops": ["torch.nn.functional.pad", "torch.stft"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#196985",
    "reported": [
        {
            "thread": "pytorch/pytorch#196949",
            "date": "2026-09-14",
            "figures": {
                "cosine_to_float64_T=65536": 1.0,
                "cosine_T=65537": 0.0015,
                "cosine_T=95520": 0.56,
                "cosine_T=200000": 0.15,
            },
        }
    ],
    "met_in": ["training on audio: torch.stft(center=True) pads so (thread)"],
    "caveat": "That #196985 was merged is inferred from the closed issue. The software model of this bug disturbs all of the gradient.",
    "caused_by": "macos",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {"op": ["reflection_pad1d_backward"], "when": ["self.size.-1 > 65536", "self.size.-1 not-multiple-of 65536"]}
    ],
    "effect": "noise(result, 1)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 1, 65_537, generator=generator), torch.randn(1, 1, 65_541, generator=generator)


def compute(device, signal, weight):
    signal = signal.to(device).requires_grad_()
    padded = F.pad(signal, (2, 2), mode="reflect")
    return torch.autograd.grad((padded * weight.to(device)).sum(), signal)[0]


def workaround(device, signal, weight):
    signal = signal.to(device).requires_grad_()
    padded = torch.cat([signal[..., 1:3].flip(-1), signal, signal[..., -3:-1].flip(-1)], -1)
    return torch.autograd.grad((padded * weight.to(device)).sum(), signal)[0]


def control(device, signal, weight):
    signal = signal.to(device)[..., :65_536].contiguous().requires_grad_()
    padded = F.pad(signal, (2, 2), mode="reflect")
    return torch.autograd.grad((padded * weight.to(device)[..., :65_540]).sum(), signal)[0]


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
