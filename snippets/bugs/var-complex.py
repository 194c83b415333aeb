"""`torch.var` and `torch.std` of complex tensors return a complex, wrong number.

The variance of complex numbers is the mean of |z - m|², a real number: that of the real parts plus that of the
imaginary parts. The GPU took the mean of (z - m)², a complex number whose parts cancel each other. For numbers that
spread equally in both directions it is 0, as in the example here.

You hit it when you normalise spectra. Use `x.real.var() + x.imag.var()`.

It was reported in September 2024, with `std` of complex random numbers. The fix was merged on 30 August 2026, after
2.14 was cut (pytorch#195344), so 2.15 is the first to have it. Which releases before it are wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#135210",
    "also": ["pytorch/pytorch#193375"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.std", "torch.std_mean", "torch.var", "torch.var_mean"],
    "affected": "<2.15",
    "basis": {"seen": "unknown", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#195344",
    "reported": [
        {"thread": "pytorch/pytorch#135210", "date": "2024-09-05"},
        {"thread": "pytorch/pytorch#195344", "date": "2026-08-30"},
    ],
    "met_in": ["normalising complex spectra (judged)"],
    "caveat": "Merged on 30 August 2026, after the branch of 2.14 was cut.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["std", "var", "std_mean", "var_mean"], "when": ["self.dtype in complex32,complex64"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (torch.tensor([1 + 0j, 1j, -1 + 0j, -1j]),)  # the mean of the squares is 0


def compute(device, z):
    return z.to(device).var()


def workaround(device, z):
    z = z.to(device)
    return z.real.var() + z.imag.var()


def control(device, z):
    return z.to(device).abs().var()  # real numbers


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
