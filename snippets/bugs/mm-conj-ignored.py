"""`torch.mm` ignores the conjugation of an operand.

`b.conj()` is a view that is marked as conjugated and computes nothing. The matrix product on Apple GPUs reads the
memory behind it and not the mark, so that `a @ b.conj()` is `a @ b`. Nothing is raised. In pytorch#148156 the first
operand is the conjugated one: `R.T.conj() @ R` gives -1 where it should give 1.

You hit it in products of complex matrices with a conjugate transpose. Use `conj_physical()`, which conjugates for
good.

Seen with 2.6.0 on macOS 14.5, in March 2025. The fix was merged at the end of that month, and a pick onto 2.7 was
asked for; whether 2.7.0 has it is not known. Batches stayed wrong for longer (pytorch#191835).
"""

BUG = {
    "issue": "pytorch/pytorch#148599",
    "also": ["pytorch/pytorch#148156", "pytorch/pytorch#177474"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.conj", "torch.mm"],
    "affected": ">=2.6.0,<2.8",
    "unsure": ["2.7"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#150157",
    "reported": [
        {"thread": "pytorch/pytorch#148599", "date": "2025-03-05", "torch": "2.6.0", "macos": "14.5"},
        {"thread": "pytorch/pytorch#148156", "date": "2025-02-28", "figures": {"cpu": "1+0j", "mps": "-1+0j"}},
    ],
    "met_in": ["products with a conjugate transpose, a @ b.mH (judged)"],
    "caveat": "A pick onto release/2.7 was asked for on 28 March 2025; whether 2.7.0 has it is not known. Only a conjugated second operand is checked.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["mm"], "when": ["mat2.conj == true"]}],
    "effect": "ignores-conj(mat2)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(2, 3, 5, generator=generator)  # real and imaginary parts
    return a, torch.randn(2, 5, 2, generator=generator)


def compute(device, a, b):
    return torch.mm(torch.complex(*a.to(device)), torch.complex(*b.to(device)).conj())


def workaround(device, a, b):
    return torch.mm(torch.complex(*a.to(device)), torch.complex(*b.to(device)).conj_physical())


def control(device, a, b):
    return torch.mm(torch.complex(*a.to(device)), torch.complex(*b.to(device)))


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
