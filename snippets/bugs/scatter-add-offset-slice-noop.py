"""`scatter_add_` into a row other than the first does nothing.

A row such as `counts[1]` is a view that starts somewhere inside the memory of `counts`. `counts[1].scatter_add_(…)`
left that row as it was, while `counts[0].scatter_add_(…)` was right. Nothing is raised.

Why (inferred from the source of those days, no thread says it): the result was computed into a temporary copy of the
view, which was never written back. `scatter_` into a tensor that is not contiguous was lost in the same way
(pytorch#115152), and both ran the same code.

You hit it when you keep counts or sums of several layers as rows of one matrix and add to one row at a time. Do the
addition on a clone of the row and assign that.

The report is of September 2025 and was open when last seen; its versions of PyTorch and macOS are not known. PyTorch
2.13.0 has other code for `scatter_add_`; that it is right there is inferred.
"""

BUG = {
    "issue": "pytorch/pytorch#163327",
    "also": ["pytorch/pytorch#184057"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.scatter_add_"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#163327",
            "date": "2025-09-19",
            "figures": {"cpu_row1": [0, 0, 1, 1], "mps_row1": [0, 0, 0, 0]},
        }
    ],
    "met_in": ["histograms or per-layer counts of feature firings kept as rows of one matrix (judged)"],
    "caveat": "2.13.0 replaced the code behind it; that this is the fix is inferred.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["scatter_add"], "form": "inplace", "when": ["self.offset > 0"]}],
    "effect": "unwritten(result)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    counts = torch.zeros(2, 4)  # a row a layer
    return counts, torch.tensor([3, 2]), torch.ones(2)


def compute(device, counts, index, ones):
    counts = counts.to(device)
    counts[1].scatter_add_(0, index.to(device), ones.to(device))
    return counts


def workaround(device, counts, index, ones):
    counts = counts.to(device)
    counts[1] = counts[1].clone().scatter_add_(0, index.to(device), ones.to(device))
    return counts


def control(device, counts, index, ones):
    counts = counts.to(device)
    counts[0].scatter_add_(0, index.to(device), ones.to(device))  # the first row starts where the memory does
    return counts


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
