"""The backward of `F.linear` with one output gives zeros past the first memory page.

`F.linear(x, w).sum().backward()` hands the layer a gradient in which all places share one number. Where the layer has
one output, the product for the gradient of `x` sums over that one: the first 16 KB of the result are right, the rest is
zero. Nothing is raised, and the forward pass and the gradient of the weight are right.

You hit it in attribution: the gradient of a probe with one output, or of a reward, with respect to activations.
Multiply the output by ones before the sum, so that the gradient is written out.

Found in July 2026 by the author of a fix for something else (pytorch#187988), which does not say on which macOS. That
macOS decides is likely: a product with such a shared gradient was wrong on macOS 26.2 and on a beta of 27, and right
on 26.4 (pytorch#180201). 2.14.0 has other code for this gradient; whether its values are right is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#189565",
    "also": [
        "pytorch/pytorch#187988",
        "pytorch/pytorch#190352",
        "pytorch/pytorch#190051",
        "pytorch/pytorch#187989",
        "pytorch/pytorch#180201",
    ],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.nn.functional.linear"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#189565",
    "reported": [
        {
            "thread": "pytorch/pytorch#189565",
            "date": "2026-07-10",
            "figures": {"mps": "zeros past the first 16 KB page"},
        }
    ],
    "met_in": ["gradients of a probe with one output, through .sum().backward() (judged)"],
    "caveat": "2.14.0 replaced the code behind it; whether the values are right is not known.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["linear_backward"],
            "when": [
                "weight.size.0 == 1",
                "grad_output.layout != contiguous",
                "self.numel * self.itemsize > 16384",
                "output_mask.value.0 == true",
            ],
        }
    ],
    "effect": "unwritten(result, after 4096)",
    "absent": {"affected": "the thread names no version for this fault"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3840, 33, generator=generator), torch.randn(1, 33, generator=generator)


def compute(device, x, weight):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(F.linear(x, weight.to(device)).sum(), x)[0]


def workaround(device, x, weight):
    x = x.to(device).requires_grad_()
    out = F.linear(x, weight.to(device))
    return torch.autograd.grad((out * torch.ones_like(out)).sum(), x)[0]


def control(device, x, weight):
    x = x.to(device)[:64].clone().requires_grad_()  # fits in one page
    return torch.autograd.grad(F.linear(x, weight.to(device)).sum(), x)[0]


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
