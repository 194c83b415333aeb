"""`torch.hypot` gives infinity for large numbers, and NaN for infinity beside NaN.

The GPU code takes the root of the sum of the squares. A square leaves the range of float32 once a number is above
1.8e19, so `hypot(3.4e38, 1)` is infinite, though 3.4e38 can be written. Infinity beside NaN should be infinity, and
is NaN. Nothing is raised.

You can hit it with magnitudes of unscaled spectra. Divide by the greater of the two first and multiply by it
afterwards.

It was reported in August 2026; PyTorch 2.14 has the fix by its release notes. Since when it is so is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#192507",
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.hypot"],
    "affected": "<2.14",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#192541",
    "reported": [
        {
            "thread": "pytorch/pytorch#192507",
            "date": "2026-08-07",
            "figures": {"hypot(max,1)": "inf instead of 3.40e38", "hypot(inf,nan)": "NaN instead of inf"},
        }
    ],
    "caveat": "The fix was matched by its title in the release notes; that it changes this is inferred.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["hypot"], "when": ["self.max > 18446744073709551616"]},
        {"op": ["hypot"], "when": ["self.min < -18446744073709551616"]},
        {"op": ["hypot"], "when": ["other.max > 18446744073709551616"]},
        {"op": ["hypot"], "when": ["other.min < -18446744073709551616"]},
    ],
    "effect": "sets(result, inf)",
}


import torch


def inputs():
    return torch.tensor([3e38, 1e30, 3e25]), torch.tensor([1.0, 1e30, 4e25])


def compute(device, a, b):
    return torch.hypot(a.to(device), b.to(device))


def workaround(device, a, b):
    a, b = a.to(device), b.to(device)
    size = torch.maximum(a.abs(), b.abs())
    return size * torch.hypot(a / size, b / size)


def control(device, a, b):
    return torch.hypot(a.to(device) / 1e25, b.to(device) / 1e25)


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
