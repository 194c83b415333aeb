"""The gradient of `F.hardswish` is wrong for inputs in the order channels last.

A test that compares gradients of channels last with those of the plain order failed on Apple GPUs: the two differ by
too much. How they differ is not said. Nothing is raised.

You hit it in training of vision models such as MobileNetV3 in `channels_last`. Call `.contiguous()` on the input
first.

The test ran in August 2023 in PyTorch's own CI, and had not been seen on a Mac by its author. The forward pass had
been fixed in February 2023 (pytorch#94664). `nn.LPPool2d`, ReLU, sigmoid, tanh and tanhshrink seemed to have the same
fault; they are not checked here. Versions are not known. 2.8.0 has another kernel for hardswish (pytorch#155479);
whether that is the fix is not said, and the issue was open when last seen.
"""

BUG = {
    "issue": "pytorch/pytorch#107214",
    "also": ["pytorch/pytorch#106104"],
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.nn.functional.hardswish"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#107214", "date": "2023-08-15"}],
    "met_in": ["training of vision models such as MobileNetV3 in channels_last (judged)"],
    "caveat": "How the gradient is wrong is not said; the software model of this bug reads the input as contiguous. 2.8.0 has another kernel (#155479), and no thread calls that the fix.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["hardswish_backward"], "when": ["self.order == 0231"]}],
    "effect": "ignores-strides(self)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    images = 2 * torch.randn(2, 4, 4, 3, generator=generator)  # batch, height, width, channel
    return images, torch.randn(2, 3, 4, 4, generator=generator)


def compute(device, images, upstream):
    x = images.to(device).permute(0, 3, 1, 2).requires_grad_()  # channels last in memory
    return torch.autograd.grad(F.hardswish(x), x, upstream.to(device))[0]


def workaround(device, images, upstream):
    x = images.to(device).permute(0, 3, 1, 2).requires_grad_()
    return torch.autograd.grad(F.hardswish(x.contiguous()), x, upstream.to(device))[0]


def control(device, images, upstream):
    x = images.permute(0, 3, 1, 2).contiguous().to(device).requires_grad_()  # the same numbers in the plain order
    return torch.autograd.grad(F.hardswish(x), x, upstream.to(device))[0]


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
