"""`torch.fft.irfft` gives signals of odd length back in reverse.

`torch.fft.irfft(torch.fft.rfft(x), n=5)` should be `x`. In the report it comes back as its first sample followed by the
others from last to first: 0, 1, 0.75, 0.5, 0.25 in place of 0, 0.25, 0.5, 0.75, 1. That is the inverse transform of the
conjugate of the spectrum. Nothing is raised.

You hit it when you filter a signal, or weights, by frequency and go back: the modulus of modular addition, for one,
is an odd prime. Use the full transform instead, `torch.fft.ifft` (inferred).

The report, of May 2024, is about one signal of five samples. Its versions are not known, and it was open when last
seen. It shows the round trip alone, so that `irfft` is at fault and not `rfft` is inferred. So is that every odd length
is wrong, since PyTorch's code treats odd lengths in a way of their own. Another report, closed, has a signal of 64
samples; how its result was wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#126649",
    "also": ["pytorch/pytorch#124096"],
    "kind": "wrong",
    "family": "fft",
    "ops": ["torch.fft.irfft"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#126649",
            "date": "2024-05-19",
            "figures": {"in": [0, 0.25, 0.5, 0.75, 1], "mps": [0, 1, 0.75, 0.5, 0.25]},
        }
    ],
    "met_in": [
        "filters by frequency, such as those of modular-addition models, whose modulus is an odd prime (judged)"
    ],
    "caveat": "The snippet prints two ratios: the first is about rfft, the second about the way back.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["_fft_c2r"], "when": ["last_dim_size.value not-multiple-of 2"]}],
    "effect": "conjugates(self)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    return (torch.linspace(0, 1, 5),)


def compute(device, signal):
    spectrum = torch.fft.rfft(signal.to(device))
    return spectrum, torch.fft.irfft(spectrum, n=5)


def workaround(device, signal):
    spectrum = torch.fft.rfft(signal.to(device))
    negative = spectrum[1:].flip(0).conj()  # of a real signal they mirror the positive ones
    return spectrum, torch.fft.ifft(torch.cat([spectrum, negative])).real


def control(device, signal):
    return torch.fft.ifft(torch.fft.fft(signal.to(device))).real  # the full transform, there and back


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
