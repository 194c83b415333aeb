"""`torch.clamp` with bound tensors of another dtype gives wrong values or an error.

The bounds are to be converted to the dtype of the tensor first. In the graph that the GPU runs, the converted bounds
took the place of those that come in, so that a bound of float32 was handed over where a converted one was expected
(inferred from the fix, which says that nodes of the cached graph had been replaced by their converted versions). Some
such calls end with an error instead, since the two dtypes do not fit together.

You hit it in models in float16: T5 in `transformers` clamps its activations there by bounds that are float32 tensors.
Apple said that it affects the correctness of a few language models. Convert the bounds first.

The fix was sent in July 2023 and is in 2.1 by its merge date (pytorch#105747). Which calls are wrong and which raise
is not known, nor how the numbers are wrong.
"""

BUG = {
    "issue": "pytorch/pytorch#105747",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.clamp"],
    "affected": "<2.1",
    "basis": {"seen": "unknown", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#105747",
    "reported": [{"thread": "pytorch/pytorch#105747", "date": "2023-07-21"}],
    "met_in": ["transformers: T5 in float16, which clamps its activations by tensors"],
    "caveat": "Some such calls raise an error. How the numbers are wrong is not said; the software model of this bug reads the memory of a bound as float16.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["clamp"], "when": ["min.dtype != self.dtype"]},
        {"op": ["clamp"], "when": ["max.dtype != self.dtype"]},
    ],
    "effect": "reinterprets(min, float16)",
    "dtypes": ["float16"],
}

import torch


def inputs():
    return (torch.arange(-4.0, 5.0),)


def compute(device, x):
    bound = torch.full((9,), 2.0, device=device)  # float32
    return torch.clamp(x.to(device), min=-bound, max=bound)


def workaround(device, x):
    x = x.to(device)
    bound = torch.full_like(x, 2.0)
    return torch.clamp(x, min=-bound, max=bound).float()


def control(device, x):
    return torch.clamp(x.to(device), min=-2.0, max=2.0)  # numbers


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
