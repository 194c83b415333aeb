"""`torch.linspace` with an integer dtype differs from the CPU where an end point has a fraction.

The CPU makes the end points whole first and then takes the steps between them. The GPU code takes the steps between
the given numbers and makes the results whole at the end. So `torch.linspace(4.6, -2, 20, dtype=torch.int32)` begins
`[4, 4, 3]` on the GPU and `[4, 3, 3]` on the CPU. Nothing is raised.

You hit it when you sample layers or token positions with `linspace(start, end, n, dtype=int)`. Make the end points
whole yourself, with `int`, and all devices agree.

The report, of October 2024, says "all of them" of the versions and was open when last seen; a pull request that would
fix it was tried on an M5 with macOS 26.1. PyTorch 2.14 has another `linspace`, written in Metal. A reviewer says that
the pull request would have to be made again for it; that it is not fixed there is inferred.
"""

BUG = {
    "issue": "pytorch/pytorch#137635",
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.linspace"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#183525",
    "reported": [
        {
            "thread": "pytorch/pytorch#137635",
            "date": "2024-10-09",
            "figures": {"cpu_first8": [4, 3, 3, 3, 3, 3, 3, 3], "mps_first8": [4, 4, 4, 3, 3, 3, 3, 3]},
        },
        {"thread": "pytorch/pytorch#183525", "date": "2026-06-05", "macos": "26.1", "chip": "M5"},
    ],
    "met_in": ["layer or token positions by linspace(…, dtype=torch.int64) (judged)"],
    "caveat": "#188905 and #189630 (2.14.0) rewrote linspace in Metal; whether fractional end points are truncated there is not known.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["linspace"], "when": ["dtype.value in int8,uint8,int16,int32,int64", "start.value not-multiple-of 1"]},
        {"op": ["linspace"], "when": ["dtype.value in int8,uint8,int16,int32,int64", "end.value not-multiple-of 1"]},
    ],
    "effect": "noise(result, 0.5)",
    "absent": {"affected": "no thread names a release"},
}


import torch


def inputs():
    return (torch.tensor([4.6, -2.0]),)


def compute(device, ends):
    first, last = ends.tolist()
    return torch.linspace(first, last, 20, dtype=torch.int32, device=device)


def workaround(device, ends):
    first, last = ends.tolist()
    return torch.linspace(int(first), int(last), 20, dtype=torch.int32, device=device)


def control(device, ends):
    first, last = ends.tolist()
    return torch.linspace(first, last, 20, device=device)


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
