"""`index_copy` reads an index with gaps as if it were contiguous.

The kernel knows the strides of the destination and of the source, but not those of the index. An index that is a view
with gaps (`positions[::2]`, one column of a table of positions) is read from its first element onwards without them, so
rows are written to positions that lie between the wanted ones in memory. The positions exist; nothing is raised.

You hit it when activations are written back at positions that are themselves a view. An index from `arange`, or any
other contiguous one, is not hit. Call `.contiguous()` on the index.

The kernel came with PyTorch 2.8.0: in that version's macOS wheel it takes no strides of the index, in 2.9.0's it does.
"""

BUG = {
    "issue": "pytorch/pytorch#160993",
    "also": ["pytorch/pytorch#154326"],
    "kind": "wrong",
    "family": "indexing",
    "introduced": {"version": "2.8", "basis": "release notes"},
    "affected": ">=2.8,<2.9",
    "basis": {"seen": "wheel", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#161333",
    "reported": [
        {"thread": "pytorch/pytorch#160993", "date": "2025-08-19", "figures": {"wrong": "60 of 100", "max_abs": 15.18}}
    ],
    "met_in": [
        "activations written back at every k-th position (judged)",
        "positions taken as one column of an index table (judged)",
    ],
    "trigger": [{"op": ["index_copy"], "when": ["index.layout == sliced"]}],
    "effect": "ignores-strides(index)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    residual = torch.randn(16, 8, generator=generator)
    patch = torch.randn(8, 8, generator=generator)
    positions = torch.randperm(16, generator=generator)  # each once: no two rows compete for a place
    return residual, patch, positions


def compute(device, residual, patch, positions):
    index = positions.to(device)[::2]  # shape (8,), stride 2: a view with gaps
    return torch.index_copy(residual.to(device), 0, index, patch.to(device))


def workaround(device, residual, patch, positions):
    index = positions.to(device)[::2].contiguous()
    return torch.index_copy(residual.to(device), 0, index, patch.to(device))


def control(device, residual, patch, positions):
    index = positions.to(device)[:8]  # a view without gaps
    return torch.index_copy(residual.to(device), 0, index, patch.to(device))


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
