"""The gradient of `F.gelu(x).sum()` is wrong for tensors of one dimension or none.

`F.leaky_relu` and `F.mish` are wrong in the same way. ReLU is right, and so are tensors of two dimensions and more.
Nothing is raised.

You hit it where you take the gradient of a single neuron or of one vector. A loss that hands back a real gradient is
right in the thread of a change to these functions, whose author kept away from `sum` for this reason (pytorch#123049).
Add a dimension: `F.gelu(x[None])`.

It was seen in April 2024 on a development build of 2.4, macOS 14.4.1. The release notes of 2.3 list the fix. By its
title macOS 14.4 fills a graph with a constant in another way, which the fix adjusts for; why that concerns these three
functions alone is not said, nor how the numbers are wrong.
"""

BUG = {
    "issue": "pytorch/pytorch#123178",
    "also": ["pytorch/pytorch#122016", "pytorch/pytorch#123049"],
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.nn.functional.gelu", "torch.nn.functional.leaky_relu", "torch.nn.functional.mish"],
    "affected": "<2.3",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#123234",
    "macos": ">=14.4",
    "reported": [{"thread": "pytorch/pytorch#123178", "date": "2024-04-02", "torch": "2.4.0a0", "macos": "14.4.1"}],
    "met_in": ["gradients of a single neuron or of one vector (judged)"],
    "caveat": "Of a tensor without dimensions any gradient counts as hit; only that of sum() was seen wrong.",
    "caused_by": "both",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["gelu_backward", "leaky_relu_backward", "mish_backward"],
            "when": ["self.ndim == 1", "grad_output.layout == expanded"],
        },
        {"op": ["gelu_backward", "leaky_relu_backward", "mish_backward"], "when": ["self.ndim == 0"]},
    ],
    "effect": "noise(result, 1)",
}

import torch
import torch.nn.functional as F


def inputs():
    return (torch.tensor([3.0, -3.1]),)


def compute(device, x):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(F.gelu(x).sum(), x)[0]


def workaround(device, x):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(F.gelu(x[None]).sum(), x)[0]


def control(device, x):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(F.relu(x).sum(), x)[0]  # an activation that the thread found right


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
