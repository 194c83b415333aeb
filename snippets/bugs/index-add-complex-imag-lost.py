"""`index_add_` of complex tensors drops the imaginary part.

In pytorch#160845 400 purely imaginary numbers were added to zeros, and the result was zero, without an error. What
becomes of a real part is not known.

You hit it when you add up Fourier coefficients or complex rotations by index. `torch.view_as_real` gives real numbers
that can be added, with the imaginary part as a last dimension of its own.

It was seen on a build of 2.9, on macOS 15.5, and 2.9.0 has the fix (pytorch#160926): it calls `index_put_` for
complex numbers and for int64. Whether releases before 2.9 take complex tensors here is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#160845",
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.index_add"],
    "affected": ">=2.9.0a0,<2.9",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#160926",
    "reported": [
        {
            "thread": "pytorch/pytorch#160845",
            "date": "2025-08-17",
            "torch": "2.9.0a0",
            "macos": "15.5",
            "figures": {
                "cpu_imag_sum": 321.1763916015625,
                "mps_imag_sum": 0.0,
                "max_abs_diff": 2.923485279083252,
            },
        }
    ],
    "met_in": ["adding up Fourier coefficients by index (judged)"],
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["index_add"], "when": ["self.dtype in complex32,complex64"]}],
    "effect": "rounds(result, float32)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, generator=generator), torch.randn(4, generator=generator), torch.tensor([2, 0, 3, 1])


def compute(device, real, imag, index):
    values = torch.complex(real.to(device), imag.to(device))
    return torch.zeros_like(values).index_add_(0, index.to(device), values)


def workaround(device, real, imag, index):
    values = torch.stack([real.to(device), imag.to(device)], dim=1)  # as torch.view_as_real gives them
    return torch.view_as_complex(torch.zeros_like(values).index_add_(0, index.to(device), values))


def control(device, real, imag, index):
    real = real.to(device)
    return torch.zeros_like(real).index_add_(0, index.to(device), real)


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
