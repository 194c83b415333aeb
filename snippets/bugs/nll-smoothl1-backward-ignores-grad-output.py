"""The backward of `F.nll_loss`, `F.cross_entropy` and `F.smooth_l1_loss` ignores the incoming gradient.

The kernel computes the gradient of the loss itself and never reads the gradient that arrives from behind it. So `(10 *
loss).backward()` gives what `loss.backward()` should give, and a loss that is subtracted pulls in the wrong direction.
Only an incoming gradient of one, as with `loss.backward()`, is right. The loss is right, and nothing is raised.

You hit it where losses are weighted and added, in distillation and auxiliary losses, where a loss is divided by the
number of accumulation steps, and with `reduction="none"` followed by a mean or a mask. Take the gradient of each loss
alone, multiply it, and add.

The fix came in February 2023 and is in 2.0 by its merge date (pytorch#94226). By the source of that time, one piece of
code computes this gradient for targets of any number of dimensions, so `nll_loss2d` is hit too. Which releases before
2.0 have it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#94226",
    "also": ["kulinseth/pytorch#289", "kulinseth/pytorch#290"],
    "kind": "wrong",
    "family": "loss",
    "ops": ["torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss", "torch.nn.functional.smooth_l1_loss"],
    "affected": "<2.0",
    "basis": {"seen": "unknown", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#94226",
    "reported": [
        {"thread": "kulinseth/pytorch#289", "date": "2023-02-03"},
        {"thread": "pytorch/pytorch#94226", "date": "2023-02-06"},
    ],
    "met_in": ["weighted sums of losses: distillation, auxiliary losses, gradient accumulation (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["nll_loss_backward", "nll_loss2d_backward", "smooth_l1_loss_backward"],
            "when": ["grad_output.max != 1"],
        },
        {
            "op": ["nll_loss_backward", "nll_loss2d_backward", "smooth_l1_loss_backward"],
            "when": ["grad_output.min != 1"],
        },
    ],
    "effect": "sets(grad_output, 1)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 3, generator=generator), torch.tensor([0, 2, 1, 1])


def compute(device, logits, target):
    logits = logits.to(device).requires_grad_()
    (10 * F.cross_entropy(logits, target.to(device))).backward()
    return logits.grad


def workaround(device, logits, target):
    logits = logits.to(device).requires_grad_()
    F.cross_entropy(logits, target.to(device)).backward()
    return 10 * logits.grad  # the weight comes afterwards


def control(device, logits, target):
    logits = logits.to(device).requires_grad_()
    F.cross_entropy(logits, target.to(device)).backward()
    return logits.grad


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
