"""`torch.linspace` of large whole numbers gives the nearest float32 instead.

With an integer dtype the points were computed in float32, which holds every whole number only up to 2**24, about 16.8
million, and made whole afterwards. Above that neighbours fall together: at 2**40 only each 131,072nd number is left, so
that `torch.linspace(2**40, 2**40 + 8, 9, dtype=torch.int64)` is 2**40 nine times. Nothing is raised.

You hit it when you take evenly spaced places in a data set of more than 16.8 million tokens: the samples begin beside
the places that the CPU gives. Below 2**20, about a million, the numbers are right, or off by one. Make them on the
CPU.

PyTorch 2.14.0 keeps the exact values. The older code does all of it in float32; which releases have that code is not
known.
"""

BUG = {
    "issue": "pytorch/pytorch#189630",
    "also": ["pytorch/pytorch#191060"],
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.linspace"],
    "affected": "<2.14",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#189630",
    "reported": [
        {
            "thread": "pytorch/pytorch#191060",
            "date": "2026-07-24",
            "figures": {"mps": "linspace(2^40, 2^40 + 8) is 2^40 everywhere"},
        }
    ],
    "met_in": ["evenly spaced places in a file of token ids (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["linspace"], "when": ["dtype.value in int32,int64", "end.value > 16777216"]},
        {"op": ["linspace"], "when": ["dtype.value in int32,int64", "start.value > 16777216"]},
    ],
    "effect": "rounds(result, float32)",
}

import torch


def inputs():
    return (torch.tensor([2**40, 2**40 + 8]),)


def compute(device, ends):
    first, last = ends.tolist()
    return torch.linspace(first, last, 9, dtype=torch.int64, device=device)


def workaround(device, ends):
    first, last = ends.tolist()
    return torch.tensor([first + i * (last - first) // 8 for i in range(9)], device=device)  # Python's whole numbers


def control(device, ends):
    first, last = ends.tolist()
    return torch.linspace(0, last - first, 9, dtype=torch.int64, device=device)


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
