"""`torch.sort` and `torch.argsort` sort the wrong elements of a transposed tensor.

The report says that the GPU code reads the memory of the tensor from front to back and does not look at its strides. A
tensor that comes from `.T`, `transpose`, `permute` or `moveaxis` has its elements in another order in memory, so what
comes back is sorted, but made of the elements of other rows. The numbers look right; nothing is raised.

You hit it when you rank neurons, features or tokens along the other axis: `acts.T.sort()`, `(W @ v).T.argsort()`.
Top-p sampling, which sorts contiguous logits, is not hit, and neither is `topk`, says the report. Call
`.contiguous()` before it.

The report, of February 2026, names neither PyTorch nor macOS version; it saw the same in `digamma`, `lgamma` and
`polygamma`, which PyTorch 2.12.0 fixes. PyTorch 2.13.0 has a new `sort`, whose source copies such a tensor first in
one state and passes the strides in a later one; that this is the fix is inferred, since the report was open when last
seen. Whether slices with gaps are read wrongly too is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#175187",
    "also": [
        "pytorch/pytorch#101878",
        "pytorch/pytorch#102524",
        "pytorch/pytorch#175603",
        "pytorch/pytorch#180714",
        "pytorch/pytorch#180842",
    ],
    "kind": "wrong",
    "family": "sort",
    "ops": ["torch.argsort", "torch.msort", "torch.sort"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#175187", "date": "2026-02-17", "figures": {"digamma_max_abs_diff": 1.56}}],
    "met_in": ["ranking features or tokens with acts.T.sort(): the order returned belongs to other rows (judged)"],
    "caveat": "2.13.0 has another sort, which may be the fix; the issue was open when last seen.",
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 35,
    "trigger": [{"op": ["sort", "argsort", "msort"], "when": ["self.layout == permuted"]}],
    "effect": "ignores-strides(self)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    acts = torch.randn(6, 4, generator=generator)  # tokens, neurons
    return (acts,)


def compute(device, acts):
    return torch.sort(acts.to(device).T)  # each neuron's tokens, ranked


def workaround(device, acts):
    return torch.sort(acts.to(device).T.contiguous())


def control(device, acts):
    return torch.sort(acts.to(device))  # each token's neurons: contiguous


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
