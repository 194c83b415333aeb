"""`torch.maximum` and `torch.minimum` drop NaN and return the other operand.

On the CPU a NaN in either operand makes the result NaN. On the GPU the operation of MPSGraph that was used returns the
operand that is not NaN. Nothing is raised.

You hit it where a sanity check is built on a maximum: NaN activations pass it. This keeps NaN: `torch.where(x.isnan()
| y.isnan(), x + y, torch.maximum(x, y))`.

It was seen on PyTorch 2.5.1 and in builds of December 2024. The fix is of January 2025, so 2.7 has it. PyTorch's own
kernel, which took over in 2026, had to be told the same again before it was used.
"""

BUG = {
    "issue": "pytorch/pytorch#143976",
    "also": ["pytorch/pytorch#177747"],
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.maximum", "torch.minimum"],
    "affected": ">=2.5.1,<2.7",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#144086",
    "reported": [{"thread": "pytorch/pytorch#143976", "date": "2024-12-30", "torch": "2.5.1"}],
    "met_in": ["a sanity check by a maximum, which NaN activations pass (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["maximum", "minimum"], "when": ["self has nan"]},
        {"op": ["maximum", "minimum"], "when": ["other has nan"]},
    ],
    "effect": "sets(result, 0)",
}


import torch


def inputs():
    return torch.tensor([float("nan"), float("nan")]), torch.zeros(2)


def compute(device, x, y):
    return torch.maximum(x.to(device), y.to(device)), torch.minimum(x.to(device), y.to(device))


def workaround(device, x, y):
    x, y = x.to(device), y.to(device)
    return torch.where(x.isnan(), x, y), torch.where(x.isnan(), x, y)


def control(device, x, y):
    return torch.maximum(x.to(device).nan_to_num(), y.to(device))


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
