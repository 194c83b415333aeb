"""`F.layer_norm` of a half-precision input misreads a weight and a bias in float32.

The GPU code is chosen by the dtype of the input alone, and the memory of `weight` and `bias` is read in that dtype:
each float32 number is taken as two numbers in half precision. The report has errors up to infinity in float16 and of
1e31 in bfloat16. Nothing is raised in the forward pass; the backward pass ends the process.

You hit it where a model runs in half precision and keeps its norms in float32 outside of autocast, as transformers
does for the modules that a model lists in `_keep_in_fp32_modules`. Models that are all in half precision and calls
under autocast are right. Cast weight and bias to the dtype of the input, or the input to float32.

Reported for 2.13.0 and a build of 2.14 in July 2026; the release notes of 2.14.0 have the fix. Whether older versions
are wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#190054",
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.layer_norm"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#190055",
    "reported": [
        {
            "thread": "pytorch/pytorch#190054",
            "date": "2026-07-15",
            "torch": "2.13.0",
            "figures": {"max_error_float16": "inf", "max_error_bfloat16": 1.204268070216818e31},
        },
        {"thread": "pytorch/pytorch#190054", "date": "2026-07-15", "torch": "2.14.0a0"},
    ],
    "met_in": ["models run in half precision with norms kept in float32 (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 32,
    "trigger": [{"op": ["layer_norm"], "when": ["input.dtype in float16,bfloat16", "weight.dtype == float32"]}],
    "effect": "reinterprets(weight, float16)",
    "dtypes": ["float16", "bfloat16"],
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 8, generator=generator), torch.randn(8, generator=generator)


def compute(device, hidden, weight):
    full = torch.promote_types(weight.dtype, torch.float32)  # float32 for a half-precision input
    return F.layer_norm(hidden.to(device), (8,), weight.to(device, full))


def workaround(device, hidden, weight):
    return F.layer_norm(hidden.to(device), (8,), weight.to(device))


def control(device, hidden, weight):
    return F.layer_norm(hidden.to(device), (8,)) * weight.to(device)


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU; inputs in the dtype of the turn
        tensors = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in inputs()]
        outputs = function(*where, *map(precision, tensors))
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
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
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
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
