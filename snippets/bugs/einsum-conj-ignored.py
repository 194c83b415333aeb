"""`torch.einsum` ignores the conjugation of an operand.

`einsum("i,i", a, b.conj())` gives the sum of `a * b`: the squared length of a complex vector comes out as the sum of
its squares. `conj()` only marks a view as conjugated, and the batched product that `einsum` calls does not look at
the mark. Nothing is raised. Multiplying element by element looks at it, and so does `einsum` of a clone of the view.

You hit it in inner products of complex vectors, such as the Fourier analysis of a model that learnt modular addition.
Call `resolve_conj()` on the operand first.

Reported in March 2026; the PyTorch version is not known. The batched product itself, `bmm`, was seen wrong with 2.9.1
(pytorch#191835). A pull request of March 2026 sets out to handle the mark in `bmm` (pytorch#177522); by the later
report an earlier change, pytorch#178010, was not enough. Which release is right is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#177474",
    "also": ["pytorch/pytorch#148599", "pytorch/pytorch#177522", "pytorch/pytorch#191835"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.conj", "torch.einsum"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#177474", "date": "2026-03-15"}],
    "met_in": ["Fourier analysis of models of modular arithmetic (judged)"],
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["einsum"], "when": ["tensors.conj == true"]}],
    "effect": "ignores-conj(tensors)",
    "absent": {"affected": "the thread as stored names no version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 8, generator=generator),)  # real and imaginary parts of a vector


def compute(device, parts):
    z = torch.complex(*parts.to(device))
    return torch.einsum("i,i", z, z.conj())  # its squared length


def workaround(device, parts):
    z = torch.complex(*parts.to(device))
    return torch.einsum("i,i", z, z.conj().resolve_conj())


def control(device, parts):
    z = torch.complex(*parts.to(device))
    return torch.einsum("i,i", z, z)


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
