"""`z ** n` of a complex zero gives NaN on the GPU.

`torch.tensor(0 + 0j) ** 2` is `nan+nanj`, and so it is for each power from 0 to 5. Only the number zero is hit: 1e-10
is right, and `z * z` gives zero. That the power is computed through the logarithm, which is minus infinity at zero,
is inferred. Nothing is raised.

You hit it in Fourier methods that take powers of a spectrum: one empty frequency makes the loss NaN. For small whole
exponents multiply instead.

It was seen on PyTorch 2.5.1 with macOS 15.3, where a developer confirmed it, and again in August 2026 on a version
that the report does not name. In September 2026 powers of two tensors moved to a kernel of PyTorch's own; whether
that changes a tensor to the power of a number is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#194813",
    "also": ["pytorch/pytorch#146338", "pytorch/pytorch#195585"],
    "kind": "nan",
    "family": "elementwise",
    "ops": ["torch.pow"],
    "affected": "==2.5.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#146338", "date": "2025-02-03", "torch": "2.5.1", "macos": "15.3", "chip": "M2 Pro"},
        {"thread": "pytorch/pytorch#194813", "date": "2026-08-25"},
    ],
    "met_in": ["powers of a spectrum (judged)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["pow"], "when": ["self.dtype == complex64", "self has zero"]}],
    "effect": "sets(result, nan)",
}


import torch


def inputs():
    return (torch.zeros(3),)


def compute(device, zeros):
    zeros = zeros.to(device)
    return torch.complex(zeros, zeros) ** 2


def workaround(device, zeros):
    zeros = zeros.to(device)
    z = torch.complex(zeros, zeros)
    return z * z


def control(device, zeros):
    zeros = zeros.to(device)
    return torch.complex(zeros + 1, zeros) ** 2


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
