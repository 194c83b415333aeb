"""`torch.var` and `torch.std` without arguments divide by N instead of N - 1.

Called without arguments, they should give the unbiased estimate. The GPU gave the biased one: of the numbers 0 to 9
it returned 8.25, where 9.1667 is right. For N numbers the variance is too small by the factor (N - 1) / N, so small
samples are hit most.

You hit it in a LayerNorm or a z-score that is hand-written over a few numbers. With `correction=1` or
`unbiased=True` and a dimension the report shows nothing wrong; what the fix says about an explicit `correction`, that it
was not used, is another case.

It was seen in PyTorch 1.13.1 and in builds of December 2022. A fix was opened the same day (pytorch#91203); that it was
merged, and for which release, was not seen.
"""

BUG = {
    "issue": "pytorch/pytorch#91198",
    "also": ["pytorch/pytorch#80499"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.std", "torch.var"],
    "affected": "==1.13.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#91203",
    "reported": [
        {
            "thread": "pytorch/pytorch#91198",
            "date": "2022-12-20",
            "torch": "1.13.1",
            "figures": {"cpu": 9.166666984558105, "mps": 8.25},
        }
    ],
    "met_in": ["hand-written LayerNorm or z-scoring of a few numbers (judged)"],
    "caveat": "That #91203 was merged was not seen; its last comment is of 21 December 2022. An explicit correction is not checked.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["var", "std"], "when": ["dim.given == false", "correction.given == false", "unbiased.given == false"]}
    ],
    "effect": "sets(correction, 0)",
}

import torch


def inputs():
    return (torch.arange(10.0),)


def compute(device, x):
    return x.to(device).var()


def workaround(device, x):
    x = x.to(device)
    return (x - x.mean()).square().sum() / (x.numel() - 1)


def control(device, x):
    return x.to(device).var(dim=0, unbiased=True)


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
