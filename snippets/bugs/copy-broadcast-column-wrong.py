"""`matrix.copy_(column)` on the GPU writes only the start of the matrix.

`copy_` repeats a source along its dimensions of size 1. The copy asked for that only where the source has fewer
dimensions than the destination, so a column of two elements was copied into a matrix of four as it is: two
elements, front to back. The others keep their old values (inferred from the code of early 2023). Nothing is raised.

You hit it where you call `copy_` yourself; it was found in `torch.linalg.vander`. Assignment, `matrix[:] = column`,
repeats the source before the copy. `matrix.copy_(column.expand_as(matrix))` is right.

Reported in July 2023, from C++, with whole numbers copied into floats; the version is not known. The fix is
pytorch#105617; whether it was merged is not known, but code of 2024 has it.
"""

BUG = {
    "issue": "pytorch/pytorch#105277",
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.copy_"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#105617",
    "reported": [{"thread": "pytorch/pytorch#105277", "date": "2023-07-15"}],
    "met_in": ["torch.linalg.vander while it was ported (pytorch#105277)"],
    "caveat": "Whether #105617 was merged is not known; later code has its change.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "form": "inplace",
            "when": ["src.device == accel", "self.ndim == src.ndim", "self.numel != src.numel"],
        }
    ],
    "effect": "unwritten(result, after 2)",
    "absent": {"affected": "the threads as read name no version"},
}

import torch


def inputs():
    return torch.tensor([[0.0, 1.0], [2.0, 3.0]]), torch.tensor([[5.0], [6.0]])


def compute(device, matrix, column):
    return matrix.to(device, copy=True).copy_(column.to(device))


def workaround(device, matrix, column):
    matrix = matrix.to(device, copy=True)
    return matrix.copy_(column.to(device).expand_as(matrix))


def control(device, matrix, column):
    return matrix.to(device, copy=True).copy_(column.to(device)[:, 0])  # fewer dimensions


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
