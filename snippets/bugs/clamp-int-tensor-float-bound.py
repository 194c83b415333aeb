"""`torch.clamp` of an integer tensor cuts the fraction off a float bound.

`torch.tensor(0).clamp(min=0.1)` is 0.1 on the CPU and 0.0 on the GPU. The bound was given the dtype of the tensor;
that the result should be a float was overlooked. Nothing is raised.

You hit it where counts are clamped before you divide by them, `total / counts.clamp(min=1e-6)`: the division by zero
that the bound should prevent comes back as infinity or NaN. Convert the counts to float first.

It was seen on PyTorch 2.3.1; 2.5 has the fix. A second report, on 2.4.0, has zeros for `[1, 2, 3]` with
`clamp_min(1.0)` and right numbers with `clamp_min(1)`. That the cause is the same is inferred.
"""

BUG = {
    "issue": "pytorch/pytorch#130201",
    "also": ["pytorch/pytorch#133100", "ibm-granite/granite-tsfm#109"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.clamp", "torch.clamp_min"],
    "affected": ">=2.3.1,<2.5",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#130226",
    "reported": [
        {
            "thread": "pytorch/pytorch#130201",
            "date": "2024-07-06",
            "torch": "2.3.1",
            "macos": "14.5",
            "chip": "M1 Pro",
            "figures": {"cpu": 0.1, "mps": 0.0},
        },
        {
            "thread": "pytorch/pytorch#133100",
            "date": "2024-08-09",
            "torch": "2.4.0",
            "macos": "13.6.7",
            "chip": "M2 Pro",
            "figures": {"cpu": [1, 2, 3], "mps_clamp_min_1.0": [0, 0, 0]},
        },
    ],
    "met_in": [
        "counts clamped before division: a time series library repaired its call (ibm-granite/granite-tsfm#109)"
    ],
    "caveat": "That #133100 (zeros) has the same cause as #130201 is inferred; it was open when last seen. A bound of 1.0 cannot be distinguished from 1, so such calls are not found.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["clamp", "clamp_min"],
            "when": ["self.dtype in int8,uint8,int16,int32,int64", "min.value not-multiple-of 1"],
        },
        {
            "op": ["clamp", "clamp_max"],
            "when": ["self.dtype in int8,uint8,int16,int32,int64", "max.value not-multiple-of 1"],
        },
    ],
    "effect": "rounds(result, int64)",
}


import torch


def inputs():
    return (torch.tensor([0, 1, 2]),)


def compute(device, counts):
    return counts.to(device).clamp(min=0.1)


def workaround(device, counts):
    return counts.to(device).float().clamp(min=0.1)


def control(device, counts):
    return counts.to(device).clamp(min=1)


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
