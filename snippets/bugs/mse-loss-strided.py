"""`F.mse_loss` with `reduction="none"` leaves the result unwritten where it is not contiguous.

Without a reduction the result takes the layout of the input: of a transposed input it is transposed too. The kernel
for Apple GPUs writes contiguous memory only. For such a result it takes a contiguous copy, fills that, and never
copies it back; the fix does. The result holds what stood in its memory before: the thread noticed squares below zero.
Nothing is raised.

You hit it where you keep the loss of each position or feature, to mask or to weigh it, and the prediction is a
permuted view: after a convolution and `permute(0, 2, 1)` in the thread, or a reconstruction `(latents @ w).mT` of a
sparse autoencoder. With `reduction="mean"`, the default, and `"sum"` the result is one number and right. Call
`.contiguous()` on the prediction.

Seen with PyTorch 2.2.2 on macOS 14.2.1. The fix was merged in May 2024, before 2.4 was cut; 2.3.0 is older, of 2.3.1
it is not known. Whether releases before 2.2.2 have the fault is not known either.
"""

BUG = {
    "issue": "pytorch/pytorch#124621",
    "kind": "wrong",
    "family": "loss",
    "ops": ["torch.nn.functional.mse_loss"],
    "affected": ">=2.2.2,<2.4",
    "unsure": ["2.3.1"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#125696",
    "reported": [
        {"thread": "pytorch/pytorch#124621", "date": "2024-04-22", "torch": "2.2.2", "macos": "14.2.1"},
    ],
    "met_in": ["losses by position or feature of permuted predictions: masked training, sparse autoencoders (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["mse_loss"], "when": ["reduction.value == 0", "result.layout != contiguous"]}],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    prediction = torch.randn(4, 6, generator=generator)
    target = torch.randn(6, 4, generator=generator)
    return prediction, target


def compute(device, prediction, target):
    return F.mse_loss(prediction.to(device).T, target.to(device), reduction="none")  # the result is transposed too


def workaround(device, prediction, target):
    return F.mse_loss(prediction.to(device).T.contiguous(), target.to(device), reduction="none")


def control(device, prediction, target):
    return F.mse_loss(prediction.to(device).T, target.to(device))  # one number: its mean


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
