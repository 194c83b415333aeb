"""`scatter_add_`, `index_add_` and `index_put_` write before an offset boolean view.

A boolean takes one byte, but the GPU adds in words of four. For a view that does not start at a multiple of four
bytes, such as `flags[1:]`, the word was taken from the start of the four bytes around it: with the indices 0 and 2,
elements 0 and 2 of the whole tensor became true, not 1 and 3. So elements before the view are set, and those that
were meant are not. Nothing is raised.

It takes a `bool` destination whose storage offset is not a multiple of 4, and an addition: `index_put_` is hit with
`accumulate=True` alone. `uint8` is right: its code was corrected before, in 2.12.0 (pytorch#176009).

You hit it when you mark active features in a boolean matrix row by row, if the rows have a length that is not a
multiple of 4. Work on a clone of the view, or use `uint8`.

It was reported in August 2026; the version is not known. pytorch#195081 corrects it; in which release that is, and
since when the fault is there, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#195074",
    "also": ["pytorch/pytorch#176009"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.index_add_", "torch.Tensor.index_put_", "torch.Tensor.scatter_add_"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#195081",
    "reported": [
        {
            "thread": "pytorch/pytorch#195074",
            "date": "2026-08-28",
            "figures": {"offset1_cpu": [1, 3], "offset1_mps": [0, 2], "offset3_cpu": [3, 5], "offset3_mps": [0, 2]},
        }
    ],
    "met_in": ["marking active features in a bool matrix row by row (judged)"],
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["scatter_add", "index_add"],
            "form": "inplace",
            "when": ["self.dtype == bool", "self.offset not-multiple-of 4"],
        },
        {
            "op": ["index_put"],
            "form": "inplace",
            "when": ["self.dtype == bool", "self.offset not-multiple-of 4", "accumulate.value == true"],
        },
    ],
    "effect": "unwritten(result)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    flags = torch.zeros(8, dtype=torch.bool)
    return flags, torch.tensor([0, 2]), torch.ones(2, dtype=torch.bool)


def compute(device, flags, index, true):
    flags = flags.to(device)
    flags[1:5].scatter_add_(0, index.to(device), true.to(device))
    return flags


def workaround(device, flags, index, true):
    flags = flags.to(device)
    flags[1:5] = flags[1:5].clone().scatter_add_(0, index.to(device), true.to(device))
    return flags


def control(device, flags, index, true):
    flags = flags.to(device)
    flags[4:].scatter_add_(0, index.to(device), true.to(device))  # starts at a multiple of four bytes
    return flags


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
