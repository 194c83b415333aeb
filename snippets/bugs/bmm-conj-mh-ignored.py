"""`torch.bmm` ignores the conjugation of complex operands.

`b.conj()` and `U.mH` do not compute anything: they give a view that is marked as conjugated. The batched product on
Apple GPUs reads the memory behind the view and does not look at the mark, so that it multiplies by `b` itself.
Nothing is raised. `@` of batches makes the same call. Call `resolve_conj()` on the operand first.

You hit it where batches of complex matrices are multiplied by a conjugate transpose: unitary layers, Fourier features,
anything like `A @ U.mH`. The product of two plain matrices, `torch.mm`, was wrong in the same way and is right by then.

Shown with 2.9.1 on macOS 26.1, with errors of about 10. An earlier change (pytorch#178010) was not enough, by the
same report of August 2026, which brings a fix of its own; which release has it is not known. The first operand was
named too.
"""

BUG = {
    "issue": "pytorch/pytorch#191835",
    "also": ["pytorch/pytorch#178010", "pytorch/pytorch#177474"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.Tensor.mH", "torch.bmm"],
    "affected": "==2.9.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#191835",
    "reported": [
        {
            "thread": "pytorch/pytorch#191835",
            "date": "2026-08-01",
            "torch": "2.9.1",
            "macos": "26.1",
            "figures": {"max_diff": "about 1e1, against 1e-6"},
        }
    ],
    "met_in": ["batched products with a conjugate transpose, A @ U.mH (judged)"],
    "caveat": "Only the second operand is checked, which the report shows.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["bmm"], "when": ["mat2.conj == true"]}],
    "effect": "ignores-conj(mat2)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(2, 4, 3, 5, generator=generator)  # real and imaginary parts of four matrices
    return a, torch.randn(2, 4, 5, 2, generator=generator)


def compute(device, a, b):
    return torch.bmm(torch.complex(*a.to(device)), torch.complex(*b.to(device)).conj())


def workaround(device, a, b):
    return torch.bmm(torch.complex(*a.to(device)), torch.complex(*b.to(device)).conj().resolve_conj())


def control(device, a, b):
    return torch.bmm(torch.complex(*a.to(device)), torch.complex(*b.to(device)))


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
