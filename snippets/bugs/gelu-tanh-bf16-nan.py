"""`F.gelu(approximate="tanh")` gives NaN for bfloat16 inputs above about 10.

The hyperbolic tangent was computed as a quotient of two exponentials, both of which become infinite for large inputs.
In bfloat16 the first NaN of the report is at 10.5. Nothing is raised.

You hit it in models whose MLP calls this GELU with large values before the activation. The author found it through a
vision model that drew no more boxes. GPT-2 in Transformers writes the formula out and does not make this call. The
fault is reported of bfloat16 alone: compute in float32 and round afterwards.

Only builds of 2.13 from around June 2026 had it: 2.12 is right, says the report, and 2.13.0 has the fix. The change
that brought it is named as highly likely, not as certain.
"""

BUG = {
    "issue": "pytorch/pytorch#186278",
    "also": ["pytorch/pytorch#181451"],
    "kind": "nan",
    "family": "elementwise",
    "ops": ["torch.nn.functional.gelu"],
    "introduced": {"version": "2.13.0.dev0", "basis": "thread"},
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#186286",
    "reported": [
        {"thread": "pytorch/pytorch#186278", "date": "2026-06-04", "chip": "M5 Pro", "figures": {"first_nan_at": 10.5}}
    ],
    "met_in": [
        "nvidia/LocateAnything-3B, from the report",
        "MLPs of Gemma with large values before the activation (judged)",
    ],
    "caused_by": "torch",
    "in_a_release": False,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["gelu"], "when": ["approximate.value == tanh", "self.dtype == bfloat16", "self.max >= 10.5"]}],
    "effect": "sets(result, nan)",
    "dtypes": ["bfloat16"],
}


import torch


def inputs():
    return (torch.arange(10.5, 16.0, 0.5),)


def compute(device, x):
    return torch.nn.functional.gelu(x.to(device), approximate="tanh")


def workaround(device, x):
    return torch.nn.functional.gelu(x.to(device).float(), approximate="tanh")


def control(device, x):
    return torch.nn.functional.gelu(x.to(device) - 8, approximate="tanh")


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
