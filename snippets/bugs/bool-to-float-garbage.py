"""`mask.type(torch.float)` of a boolean mask on the GPU gives tiny garbage instead of ones and zeros.

A truth value takes one byte, a float four. The bytes were read as floats instead of being converted, and those behind
the end with them: `[True, True, True, False]` became four different numbers below 1e-37. Nothing is raised.

You hit it when you make a multiplier of an attention or ablation mask on the device. Convert it on the CPU, before
the move.

It was seen in a build of 18 May 2022, before PyTorch 1.12. pytorch#78091, of the same week, says that no conversion
of dtypes worked in those builds; that this is the same fault is inferred. Which build is right first is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#77835",
    "also": ["pytorch/pytorch#78091"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.Tensor.float", "torch.Tensor.type"],
    "affected": "==1.12.0.dev20220518",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#77835",
            "date": "2022-05-19",
            "torch": "1.12.0.dev20220518",
            "macos": "12.3.1",
            "figures": {"cpu": [1, 1, 1, 0], "mps": [9.2196e-41, 3.6013e-43, 2.3694e-38, 9.1837e-41]},
        }
    ],
    "met_in": ["turning an attention or ablation mask into a multiplier (judged)"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "when": ["src.device == accel", "self.device == accel", "src.dtype == bool", "self.dtype == float32"],
        }
    ],
    "effect": "scales(result, 1e-40)",
}


import torch


def inputs():
    return (torch.tensor([True, True, True, False]),)


def compute(device, mask):
    return mask.to(device).type(torch.float)


def workaround(device, mask):
    return mask.type(torch.float).to(device)  # converted on the CPU


def control(device, mask):
    return mask.to(device).logical_not()


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
