"""`torch.max` and `torch.min` skip NaN.

On the CPU a NaN counts as the extreme: it is the value, and its place the index. Apple's graph leaves NaN out, so the
GPU gives the largest, or smallest, of the other numbers and its index. `argmax` and `argmin` have a bug of their own,
`argmax-ignores-nan`.

You hit it where a maximum is the safeguard, as the largest activation or gradient of a layer: it stays finite while the
layer holds NaN. Ask for `isnan().any()` first.

It was seen with PyTorch 2.3.1. Since 2.5.0 the values are right on macOS 15 and later, where Apple has an operation
that keeps NaN (pytorch#130445); on macOS 13 and 14 they stayed wrong. The indices of `max(dim)` and `min(dim)` stayed
wrong everywhere, next to a value that is NaN, until kernels of PyTorch's own took over in 2.14 (pytorch#191100).
`amax` and `amin` share the history of the values; they moved in 2.13.
"""

BUG = {
    "issue": "pytorch/pytorch#130295",
    "also": ["pytorch/pytorch#187039", "pytorch/pytorch#130445", "pytorch/pytorch#180752"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.amax", "torch.amin", "torch.max", "torch.min"],
    "affected": ">=2.3.1,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#191100",
    "macos_note": "since PyTorch 2.5.0 the values are right on macOS 15 and later (#130445), the indices not",
    "reported": [
        {
            "thread": "pytorch/pytorch#130295",
            "date": "2024-07-08",
            "torch": "2.3.1",
            "chip": "M3 Max",
            "figures": {"cpu": "nan"},
        }
    ],
    "met_in": ["the largest activation of a layer hides NaN (judged)"],
    "caveat": "The check asks for the value and the index along a dimension; since 2.5.0 on macOS 15 the index alone is wrong, and max() of a whole tensor is right.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["max", "min"], "when": ["self has nan", "other.given == false"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    nan = float("nan")
    return torch.tensor([0.0, nan, -1.0]), torch.tensor([0.0, nan, 1.0])


def compute(device, x, y):
    largest, smallest = x.to(device).max(0), y.to(device).min(0)  # NaN at 1; without the NaN 0 at 0
    return largest.values, largest.indices, smallest.values, smallest.indices


def workaround(device, x, y):
    def place(t, otherwise):  # the first NaN, if there is one
        return torch.where(t.isnan().any(), t.isnan().int().argmax(), otherwise)

    x, y = x.to(device), y.to(device)
    at, to = place(x, x.nan_to_num(-9).argmax()), place(y, y.nan_to_num(9).argmin())
    return x[at], at, y[to], to


def control(device, x, y):
    largest, smallest = x.to(device).nan_to_num(-9).max(0), y.to(device).nan_to_num(9).min(0)
    return largest.values, largest.indices, smallest.values, smallest.indices


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
