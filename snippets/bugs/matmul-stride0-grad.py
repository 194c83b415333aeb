"""Gradients of `y.sum()` through `torch.mm` are zero or corrupt.

The gradient that a plain sum hands back is one number, expanded: a view with strides of zero. Apple's matrix
multiplication, which gets the strides on macOS 15 and later, does not heed those: only each 16th row of the product is
right, the others are zero. Nothing is raised. It is not about gradients alone: any matrix made by `expand` is hit.

You hit it in attribution, `torch.autograd.grad(y.sum(), x)`, where the sum comes right behind a matrix product. A loss
such as cross-entropy hands back a real gradient and is right. So is `torch.autograd.grad(y, x, torch.ones_like(y))`.

It was seen on 2.11.0 with macOS 26.3 on an M2 Ultra, and on 26.2; the same call is right on 26.4. The fix, a copy of
such matrices below macOS 26.4 (pytorch#180236), is in the macOS wheel of 2.12.0 and in none before. A beta of macOS 27
has the fault again (`matmul-stride0-macos-27`). Since which PyTorch it was so is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#180201",
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.matmul", "torch.nn.functional.linear"],
    "affected": ">=2.11.0,<2.12",
    "basis": {"seen": "thread", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#180236",
    "macos": ">=15,<26.4",
    "macos_note": "back on a beta of macOS 27 in July 2026",
    "reported": [
        {
            "thread": "pytorch/pytorch#180201",
            "date": "2026-04-13",
            "torch": "2.11.0",
            "macos": "26.3",
            "chip": "M2 Ultra",
        }
    ],
    "met_in": ["attribution: torch.autograd.grad(y.sum(), x) right behind a matrix product (thread)"],
    "caveat": "The software model of this bug makes all rows zero. 2.12 skips its workaround on macOS 26.4 and newer; macOS 27 "
    "has a row of its own (matmul-stride0-macos-27).",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 14,
    "trigger": [
        {"op": ["mm"], "when": ["self.stride.0 == 0", "self.size.0 > 1"]},
        {"op": ["mm"], "when": ["self.stride.1 == 0", "self.size.1 > 1"]},
        {"op": ["mm"], "when": ["mat2.stride.0 == 0", "mat2.size.0 > 1"]},
        {"op": ["mm"], "when": ["mat2.stride.1 == 0", "mat2.size.1 > 1"]},
    ],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(64, 16, generator=generator), torch.randn(16, 4, generator=generator)


def compute(device, x, weight):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(torch.mm(x, weight.to(device)).sum(), x)[0]


def workaround(device, x, weight):
    x = x.to(device).requires_grad_()
    y = torch.mm(x, weight.to(device))
    return torch.autograd.grad(y, x, torch.ones_like(y))[0]


def control(device, x, weight):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(torch.mm(x, weight.to(device)).square().sum(), x)[0]


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
