"""`torch.neg` and other unary ops mix up the elements of an `out=` tensor with other strides.

With a contiguous input and a transposed destination, `torch.neg(x, out=y.T)`, each element is computed correctly and
put in the wrong place: the kernel goes through the memory of input and output side by side, from front to back, and
looks at the strides of neither. Where both have the same dense strides that is right, and it is why the short cut
exists. Nothing is raised.

You hit it only if you pass `out=` yourself, or write a result through a transposed view; a call that makes its own
result gives it the strides of the input. Write `y.copy_(torch.neg(x))` instead.

A PyTorch developer reported it for 2.0 and the nightlies of May 2023, and points at a condition in the code that all
ops of this kind share; that is why absolute value, exponential, logarithm and square root are listed beside `neg` here. A
fix had been written two months before (pytorch#97085); which release has it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#100764",
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.abs", "torch.exp", "torch.log", "torch.neg", "torch.sqrt"],
    "affected": "==2.0.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#97085",
    "reported": [
        {
            "thread": "pytorch/pytorch#100764",
            "date": "2023-05-05",
            "torch": "2.0.0",
            "figures": {"cpu": [[0, -1], [-2, -3]], "mps": [[0, -2], [-1, -3]]},
        }
    ],
    "met_in": ["results written into a transposed buffer with out= (judged)"],
    "caveat": "The thread shows neg alone; that the other ops of the same code are hit is inferred.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["abs", "exp", "log", "neg", "sqrt"],
            "form": "out",
            "when": ["result.layout == permuted", "self.strides != result.strides"],
        }
    ],
    "effect": "ignores-strides(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(4, 4, generator=generator),)


def compute(device, x):
    destination = torch.zeros_like(x).to(device).T  # the transposed view of a buffer
    return torch.neg(x.to(device), out=destination)


def workaround(device, x):
    destination = torch.zeros_like(x).to(device).T
    return destination.copy_(torch.neg(x.to(device)))


def control(device, x):
    return torch.neg(x.to(device), out=torch.zeros_like(x).to(device))  # the same strides on both sides


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
