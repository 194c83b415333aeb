"""`torch.addmm` of complex matrices is wrong for a long reduction.

Apple's product of complex matrices is wrong where the inner size is above 2,048: so says PyTorch's own source, which
from some time on computes those with another kernel. In the thread an inner size of 10,000 gives an error of 5,064 in
numbers of about that size, in each of the 19,200 places; an inner size of 100 is right. Nothing is raised.

By the source `torch.mm`, and so `@` of two matrices, is hit as well. You hit it in complex layers of that width, such
as those of Fourier models. Write it as four products of real matrices.

Seen on a build of the main branch of November 2025 (that is, of 2.10), on macOS 15.6. Which releases have the bug is
not known.
"""

BUG = {
    "issue": "pytorch/pytorch#167727",
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.addmm", "torch.mm"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#167727",
            "date": "2025-11-13",
            "macos": "15.6",
            "figures": {"mismatched": "19200 of 19200", "max_abs_diff": 5063.8, "max_rel_diff": 0.992},
        }
    ],
    "met_in": ["complex weights of Fourier layers (judged)"],
    "caveat": "Seen on a build of the main branch of that day.",
    "caused_by": "macos",
    "open_as_stored": True,
    "stored_date": "2026-11-27",
    "trigger": [
        {"op": ["addmm"], "when": ["mat1.dtype == complex64", "mat1.size.1 > 2048"]},
        {"op": ["mm"], "when": ["self.dtype == complex64", "self.size.1 > 2048"]},
    ],
    "effect": "noise(result, 1)",
    "absent": {"affected": "seen on a build of the main branch, whose version the thread does not name"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    bias = torch.rand(2, 8, 12, generator=generator)  # real and imaginary parts
    a = torch.rand(2, 8, 10000, generator=generator)
    return bias, a, torch.rand(2, 10000, 12, generator=generator)


def compute(device, bias, a, b):
    return torch.addmm(*(torch.complex(*parts.to(device)) for parts in (bias, a, b)))


def workaround(device, bias, a, b):
    (real, imag), (a_real, a_imag), (b_real, b_imag) = (parts.to(device) for parts in (bias, a, b))
    return torch.complex(real + a_real @ b_real - a_imag @ b_imag, imag + a_real @ b_imag + a_imag @ b_real)


def control(device, bias, a, b):
    bias, a, b = (torch.complex(*parts.to(device)) for parts in (bias, a, b))
    return torch.addmm(bias, a[:, :100].clone(), b[:100].clone())


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
