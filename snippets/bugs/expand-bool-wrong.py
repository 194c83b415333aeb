"""`Tensor.expand` of boolean tensors gives the same for a column and a row.

A column `[[True], [False]]` and a row `[False, True]`, both expanded to two by two, compare as equal on the GPU. They
should not: every row of the first holds one value, every row of the second holds both. What the two read as is not in
the report. That it is zeros, as with a column of uint8 (expand-uint8-zero), is inferred, and so is that the column is
the wrong one. int8 is right. Nothing is raised.

You hit it by broadcasting a padding mask to all positions. Expand it as int8, or make it whole by `repeat`.

Reported for 1.12 and the nightly builds of August 2022. PyTorch got a workaround the next day (pytorch#82685). By a
PyTorch developer it is one for macOS 12.3, and the fault itself is gone in a preview of macOS 13. Which macOS the report
is of is not said.
"""

BUG = {
    "issue": "pytorch/pytorch#82663",
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.Tensor.expand"],
    "affected": "==1.12.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#82685",
    "macos": ">=12,<13",
    "macos_note": "a maintainer finds it gone in a preview of macOS 13",
    "reported": [
        {
            "thread": "pytorch/pytorch#82663",
            "date": "2022-08-02",
            "torch": "1.12.0",
            "figures": {"cpu": "column and row expands differ", "mps": "torch.equal of both is True"},
        }
    ],
    "met_in": ["broadcasting padding masks (judged)"],
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["expand"], "when": ["self.dtype == bool", "self.ndim >= 2", "result.layout == expanded"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (torch.tensor([[True], [False]]),)


def compute(device, column):
    return column.to(device).expand(2, 3)


def workaround(device, column):
    return column.to(device).to(torch.int8).expand(2, 3).bool()


def control(device, column):
    return column.to(device).to(torch.int8).expand(2, 3)


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
