"""`addcmul_` and `addcdiv_` leave a non-contiguous tensor as it was, so Adam never moves such a parameter.

The result is computed into a contiguous temporary that is never copied back to the tensor it belongs to. Nothing is
raised: the tensor simply keeps its old values.

Adam makes both calls at every step. Its running average of squared gradients is updated with `addcmul_` and has the
parameter's layout; the step itself is `parameter.addcdiv_(average, denominator)`. A parameter that is a view, such as
an encoder initialised as `decoder.weight.T`, stays where it began while the rest of the model trains. AdamW, RMSprop,
Adagrad and Rprop use these calls too. Make such a parameter contiguous before you train. One such hunt is told at
[elanapearl.github.io](https://elanapearl.github.io/blog/2025/the-bug-that-taught-me-pytorch).

It was seen on PyTorch's main branch in January 2024, before 2.3 was cut. In the macOS wheels of 2.2.2 and 2.3.1 the
function has no copy back, in 2.4.0's it has.
"""

BUG = {
    "issue": "pytorch/pytorch#118115",
    "also": ["pytorch/pytorch#118117", "pytorch/pytorch#155437"],
    "kind": "wrong",
    "family": "in-place",
    "affected": ">=2.2.2,<2.4",
    "basis": {"seen": "wheel", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#124442",
    "reported": [{"thread": "pytorch/pytorch#118115", "date": "2024-01-23"}],
    "met_in": [
        "sparse autoencoders whose encoder starts as a view of the transposed decoder (judged)",
        "probes and adapters with transposed parameters (judged)",
    ],
    "danger": 38,
    "trigger": [{"op": ["addcmul", "addcdiv"], "form": "inplace", "when": ["self.layout != contiguous"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 6, generator=generator)
    a = torch.randn(4, 6, generator=generator)
    b = torch.rand(4, 6, generator=generator) + 0.5  # away from zero: it is divided by
    return weight, a, b


def compute(device, weight, a, b):
    parameter = weight.to(device, copy=True).T  # a view, as an encoder made of the decoder's weight
    return parameter.addcmul_(a.to(device).T, b.to(device).T).addcdiv_(a.to(device).T, b.to(device).T)


def workaround(device, weight, a, b):
    parameter, a, b = (t.to(device).T.contiguous() for t in (weight, a, b))
    return parameter.addcmul_(a, b).addcdiv_(a, b)


def control(device, weight, a, b):
    parameter = weight.to(device, copy=True)  # the same calls without the transpose
    return parameter.addcmul_(a.to(device), b.to(device)).addcdiv_(a.to(device), b.to(device))


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
