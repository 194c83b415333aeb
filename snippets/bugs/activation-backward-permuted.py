"""The gradient of `F.silu`, `torch.sigmoid` and `torch.tanh` is wrong for permuted inputs.

In the thread a gradient of `tanh` is off by 1.9994, although such gradients lie between 0 and 1. The forward pass is
right. The gradients of ELU, SELU, GELU and leaky ReLU are right too. Nothing is raised.

You hit it in training and in attribution where the activation is next to a transpose. `Mamba2Model` of
`transformers` does in training without its fast kernels (seen with 5.24), at the activation of its convolution. Llama
and `MambaModel` do not. Call `.contiguous()` on the input first.

The thread is of February 2026; its versions are not known, nor is a fix. By the code, newer versions of PyTorch need
no copy on macOS 15 and later; the macOS of the thread is not known. Kernels of PyTorch's own have replaced the code:
in the macOS wheels for SiLU from 2.12.0 on and for sigmoid from 2.14 on. Those for tanh and logit were merged in
September 2026 (pytorch#195601); the wheel of 2.14.1 still has the old code.

Why (inferred from the code of those kernels): the result takes the layout of the input, or of the gradient that
arrives. Where that is not contiguous, the kernels take a contiguous copy, fill that, and never copy it back, so that
the gradient holds what stood in its memory before.
"""

BUG = {
    "issue": "pytorch/pytorch#175188",
    "also": ["pytorch/pytorch#189490", "pytorch/pytorch#187906", "pytorch/pytorch#187151", "pytorch/pytorch#195601"],
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.nn.functional.silu", "torch.sigmoid", "torch.special.logit", "torch.tanh"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#175188",
            "date": "2026-02-17",
            "figures": {"forward_diff": 0.0, "grad_diff": 1.9994},
        }
    ],
    "met_in": [
        "transformers: Mamba2Model without its fast kernels, in training",
        "attribution through an activation of transposed tensors (judged)",
    ],
    "caveat": "Closed; a fix is not known. In 2.14.1 the old code is left for tanh and logit alone. The thread also names mish, softplus, threshold and ReLU; when those are wrong is not known well enough, so they are not checked.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 34,
    "trigger": [
        {
            "op": ["silu_backward", "sigmoid_backward", "tanh_backward", "logit_backward"],
            "when": ["result.layout != contiguous"],
        }
    ],
    "effect": "unwritten(result)",
    "absent": {"affected": "the thread as stored names no version and no fix"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(4, 6, generator=generator),)


def compute(device, x):
    x = x.to(device).T.requires_grad_()  # a view: its gradient has the same strides
    return torch.autograd.grad(F.silu(x).sum(), x)[0]


def workaround(device, x):
    x = x.to(device).T.requires_grad_()
    return torch.autograd.grad(F.silu(x.contiguous()).sum(), x)[0]


def control(device, x):
    x = x.to(device).T.requires_grad_()
    return torch.autograd.grad(F.gelu(x).sum(), x)[0]  # an activation that the thread found right


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
