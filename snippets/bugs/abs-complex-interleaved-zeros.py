"""`torch.abs` of a complex tensor puts a zero after each value and loses the second half.

For `[1, 10j, 100, 1000]` the GPU gives `[1, 0, 10, 0]`. MPSGraph's absolute value of complex numbers is complex
again; that its zero imaginary parts were written among the results is inferred from the fix, which takes the real
part. Nothing is raised.

You hit it at the magnitude of a spectrum, `torch.fft.rfft(x).abs()`. `torch.sqrt(z.real**2 + z.imag**2)` is right.

It was seen on PyTorch 2.3.0 and in a build of 2.4, with macOS 14; 2.4 has the fix. It was asked for on the branch of
2.3 in May 2024; whether 2.3.1 has it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#125135",
    "also": ["pytorch/pytorch#126643"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.abs"],
    "affected": ">=2.3.0,<2.4",
    "unsure": ["2.3.1"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#125662",
    "reported": [
        {
            "thread": "pytorch/pytorch#125135",
            "date": "2024-04-29",
            "torch": "2.4.0.dev20240428",
            "macos": "14.4.1",
            "figures": {"input": ["1", "10j", "100", "1000"], "mps": [1, 0, 10, 0]},
        },
        {"thread": "pytorch/pytorch#126643", "date": "2024-05-19", "torch": "2.3.0", "macos": "14.5"},
    ],
    "met_in": ["the magnitude of a Fourier spectrum, from the second report"],
    "caveat": "A pick onto release/2.3 was asked for on 13 May 2024; whether 2.3.1 has it is not known.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["abs"], "when": ["self.dtype == complex64", "self.numel > 1"]}],
    "effect": "unwritten(result, after 1)",
}


import torch


def inputs():
    return torch.tensor([1.0, 0.0, 100.0, 1000.0]), torch.tensor([0.0, 10.0, 0.0, 0.0])


def compute(device, real, imaginary):
    return torch.complex(real.to(device), imaginary.to(device)).abs()


def workaround(device, real, imaginary):
    z = torch.complex(real.to(device), imaginary.to(device))
    return torch.sqrt(z.real**2 + z.imag**2)


def control(device, real, imaginary):
    return (real.to(device) - imaginary.to(device)).abs()


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
