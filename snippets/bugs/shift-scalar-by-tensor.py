"""`1 << x` shifts the tensor by the number instead of the number by the tensor.

The GPU code took the two operands of every bitwise operation as exchangeable, which they are for `&`, `|` and `^`.
With a number on the left of `<<` or `>>` it shifts the tensor on the right by that number: `1 << x` gives `2 * x`. By
the code of those days a tensor without dimensions on the left is taken for such a number too. Nothing is raised.

You hit it when you make powers of two or bit masks on the device from a tensor of exponents. Put a tensor on the
left: `torch.ones_like(x) << x`.

It was seen on PyTorch 2.6.0 and in a build of 2.7, on several machines; 2.3.1 is right, says the report. 2.7 has the
fix. The report names neither 2.4 nor 2.5.
"""

BUG = {
    "issue": "pytorch/pytorch#147889",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.bitwise_left_shift", "torch.bitwise_right_shift"],
    "introduced": {"version": "2.4", "basis": "thread"},
    "affected": ">=2.6.0,<2.7",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#148686",
    "reported": [
        {"thread": "pytorch/pytorch#147889", "date": "2025-02-25", "torch": "2.6.0"},
        {
            "thread": "pytorch/pytorch#147889",
            "date": "2025-02-25",
            "torch": "2.7.0.dev20250224",
            "macos": "15.4",
            "chip": "M1 Max",
            "figures": {"cpu": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], "mps": [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]},
        },
    ],
    "met_in": ["powers of two or bit masks made on the device from a tensor of exponents (judged)"],
    "caveat": "2.3.1 is right by the thread; 2.4 and 2.5 are named nowhere. The software model of this bug gives noise.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {"op": ["bitwise_left_shift", "bitwise_right_shift"], "when": ["self.tensor == false", "other.ndim > 0"]},
        {
            "op": ["bitwise_left_shift", "bitwise_right_shift", "__lshift_", "__rshift_"],
            "when": ["self.ndim == 0", "other.ndim > 0"],
        },
    ],
    "effect": "noise(result, 0.5)",
}


import torch


def inputs():
    return (torch.arange(10),)


def compute(device, exponents):
    return 1 << exponents.to(device)


def workaround(device, exponents):
    exponents = exponents.to(device)
    return torch.ones_like(exponents) << exponents


def control(device, exponents):
    return exponents.to(device) << 1


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
