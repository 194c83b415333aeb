"""The backward of `nn.BatchNorm2d` gives wrong gradients for inputs in the order channels last.

The forward pass hands such an input to the GPU as it lies in memory and says so. The backward pass puts it into the
plain order first, and labels it as channels last all the same, so that numbers of different channels are mixed. The
gradients of weight and input are wrong, by seven orders of magnitude for the weight in the report; that of the bias
is right. Nothing is raised on macOS 14. On macOS 26 the call raises an error instead.

You hit it in training of convolutional networks in `channels_last`, and after a permute from (batch, height, width,
channel), in training and in eval mode, with affine parameters or without: the report saw the loss reach 10**13 within
seven steps. Call `.contiguous()` before the norm. Instance, group and layer norm are right.

Reported in February 2026; the version is not known. The fix in the release notes of 2.14.0 is about the error of
macOS 26; whether the silent form is gone too is not known, and the issue was open when last seen.
"""

BUG = {
    "issue": "pytorch/pytorch#175189",
    "also": ["pytorch/pytorch#181411", "pytorch/pytorch#156792", "pytorch/pytorch#169372", "pytorch/pytorch#182269"],
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.batch_norm"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#188371",
    "macos": "<15",
    "macos_note": "silent on macOS 14, an error instead on macOS 26 (pytorch#181411); 15 is not known",
    "reported": [
        {
            "thread": "pytorch/pytorch#175189",
            "date": "2026-02-17",
            "figures": {
                "weight_grad_cpu": "about 1e-7",
                "weight_grad_mps": "about 13",
                "input_grad": "3 to 7 times off",
                "loss": "10^13 within 7 steps",
            },
        },
        {"thread": "pytorch/pytorch#181411", "date": "2026-04-24", "macos": "14"},
    ],
    "met_in": ["training of convolutional networks in channels_last"],
    "caveat": "#188371 (2.14.0) fixes the error of macOS 26; that the silent form of macOS 14 is gone too is not stated.",
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["native_batch_norm_backward"], "when": ["input.order == 0231"]}],
    "effect": "ignores-strides(input)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 4, 4, 3, generator=generator)  # batch, height, width, channel
    return images, torch.randn(2, 3, 4, 4, generator=generator)


def compute(device, images, upstream):
    x = images.to(device).permute(0, 3, 1, 2).requires_grad_()  # channels last in memory
    F.batch_norm(x, None, None, training=True).backward(upstream.to(device))
    return x.grad


def workaround(device, images, upstream):
    x = images.to(device).permute(0, 3, 1, 2).requires_grad_()
    F.batch_norm(x.contiguous(), None, None, training=True).backward(upstream.to(device))
    return x.grad


def control(device, images, upstream):
    x = images.permute(0, 3, 1, 2).contiguous().to(device).requires_grad_()  # the same numbers in the plain order
    F.batch_norm(x, None, None, training=True).backward(upstream.to(device))
    return x.grad


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
