"""The gradient of `torch.tanh` of complex tensors is wrong.

The gradient is that of the result times the conjugate of `1 - tanh(x)**2`. The code for the GPU leaves the conjugate
out, so the gradient is right for real numbers alone; elsewhere its angle is wrong. The pull request names the
gradient alone. Nothing is raised.

You hit it in networks with complex activations. Take the gradient through exponentials instead, as in
`1 - 2 / ((2 * x).exp() + 1)`, or compute it on the CPU.

It is known from two pull requests. One of July 2026 found it (pytorch#189490) and was still open when last seen. The
other, of September 2026, fixed it on the way to a kernel of PyTorch's own (pytorch#195601), after the branch of
PyTorch 2.14 was cut. Which releases are wrong is not known. `torch.sigmoid` was put right in June 2026, in the same
way (pytorch#187151); whether it was wrong before is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#189490",
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.tanh"],
    "affected": "<2.15",
    "basis": {"seen": "unknown", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#195601",
    "reported": [{"thread": "pytorch/pytorch#189490", "date": "2026-07-09"}],
    "met_in": ["networks with complex activations (judged)"],
    "caveat": "#195601 was sent to be merged on 2 September 2026, after the branch of 2.14 was cut.",
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["tanh_backward"], "when": ["output.dtype in complex64,complex128"]}],
    "effect": "conjugates(output)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, generator=generator), torch.randn(6, generator=generator)


def gradient(function, device, real, imaginary):
    x = torch.complex(real.to(device), imaginary.to(device)).requires_grad_()
    return torch.autograd.grad(function(x).abs().sum(), x)[0]


def compute(device, real, imaginary):
    return gradient(torch.tanh, device, real, imaginary)


def workaround(device, real, imaginary):
    return gradient(lambda x: 1 - 2 / ((2 * x).exp() + 1), device, real, imaginary)


def control(device, real, imaginary):
    x = real.to(device).requires_grad_()
    return torch.autograd.grad(torch.tanh(x).sum(), x)[0]  # real numbers


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
