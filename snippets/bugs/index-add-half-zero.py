"""`torch.index_add` of float16 tensors gives zeros.

`x.index_add(0, index, rows)` adds rows to the rows of `x` that the index names. In half precision the result was
zero, where even the rows that the index leaves out should have stayed.

Why: two half inputs of the multiplication or the scatter of Apple's MPSGraph gave zeros, says pytorch#88542, which
has PyTorch compute in float32 and round the result. It says that int16 and int64 had "issues as well", and not which.

You hit it in the gradient of `index_select`, which is an `index_add`, and where you add up activations in half
precision. Do it in float32.

The pull request is of November 2022 and names no version. It was still in review two weeks later, and the release
that has it is not known; that 2.0.0 of March 2023 does is likely (inferred).
"""

BUG = {
    "issue": "pytorch/pytorch#88542",
    "also": ["pytorch/pytorch#82645", "kulinseth/pytorch#235"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.index_add"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#88542",
    "reported": [{"thread": "pytorch/pytorch#88542", "date": "2022-11-05"}],
    "met_in": ["accumulating half-precision activations (judged)"],
    "caveat": "Shown in the pull request; the issue that it closes shows an error.",
    "caused_by": "macos",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["index_add"], "when": ["self.dtype == float16"]}],
    "effect": "sets(result, 0)",
    "absent": {"affected": "no source names a version"},
    "dtypes": ["float16"],
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 4, generator=generator), torch.tensor([0, 2]), torch.randn(2, 4, generator=generator)


def compute(device, x, index, rows):
    return x.to(device).index_add(0, index.to(device), rows.to(device))


def workaround(device, x, index, rows):
    total = x.to(device).float().index_add(0, index.to(device), rows.to(device).float())
    return total.to(x.dtype)


def control(device, x, index, rows):
    return x.to(device).index_select(0, index.to(device)) + rows.to(device)


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
