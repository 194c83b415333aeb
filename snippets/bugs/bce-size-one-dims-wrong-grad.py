"""`F.binary_cross_entropy` without reduction gives wrong gradients for a shape such as (batch, 1, 1).

The kernel took the dimensions of size 1 out of its input and target, but not out of the gradient that arrives, and
then multiplied the two: shapes (3,) and (3, 1, 1) make a table of all pairs. The loss itself is right. Nothing is
raised. Where each element gets the same gradient, as from a plain sum, the result is right (inferred); with weights in
between the gradients are wrong. Other shapes, such as (batch, time, 1), end the process instead.

You hit it with `reduction="none"` and weights of your own, and in Keras, whose binary cross-entropy is computed so:
with `sample_weight`, `class_weight` or the focal loss. `binary_cross_entropy_with_logits` does not use this kernel.

Seen on 2.9.0, and on 2.2.2 by Keras, which says that the code is the same up to 2.9.1. 2.10.0 has the fix
(pytorch#166786). How the table becomes the gradient is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#166746",
    "also": ["keras-team/keras#23633"],
    "kind": "wrong",
    "family": "loss",
    "ops": ["torch.nn.functional.binary_cross_entropy"],
    "affected": ">=2.2.2,<2.10",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#166786",
    "reported": [
        {"thread": "pytorch/pytorch#166746", "torch": "2.9.0", "macos": "15.7.1", "chip": "M1 Ultra"},
        {"thread": "keras-team/keras#23633", "date": "2026-09-15", "torch": "2.2.2"},
        {"thread": "pytorch/pytorch#133625", "date": "2024-08-15", "torch": "2.3.0"},
    ],
    "met_in": ["Keras on torch: binary_crossentropy with sample_weight, class_weight or the focal loss (thread)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["binary_cross_entropy_backward"],
            "when": [
                "self.ndim == 3",
                "self.size.0 > 1",
                "self.size.1 == 1",
                "self.size.2 == 1",
                "grad_output.max != grad_output.min",
            ],
        }
    ],
    "effect": "noise(result, 1)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    prediction = 0.1 + 0.8 * torch.rand(3, 1, 1, generator=generator)
    return prediction, torch.tensor([[[1.0]], [[2.0]], [[3.0]]])


def compute(device, prediction, weight):
    prediction = prediction.to(device).requires_grad_()
    loss = F.binary_cross_entropy(prediction, torch.ones_like(prediction), reduction="none")
    return torch.autograd.grad((loss * weight.to(device)).sum(), prediction)[0]


def workaround(device, prediction, weight):
    prediction = prediction.to(device).requires_grad_()
    loss = F.binary_cross_entropy(prediction.flatten(), torch.ones_like(prediction).flatten(), reduction="none")
    return torch.autograd.grad((loss * weight.to(device).flatten()).sum(), prediction)[0]


def control(device, prediction, weight):
    prediction = prediction.to(device).requires_grad_()
    loss = F.binary_cross_entropy(prediction, torch.ones_like(prediction), reduction="none")
    return torch.autograd.grad(loss.sum(), prediction)[0]  # each element weighs the same


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
