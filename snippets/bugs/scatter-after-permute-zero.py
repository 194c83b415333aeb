"""`scatter_` into `zeros_like` of a permuted tensor leaves zeros.

`torch.zeros_like(x)` keeps the strides of `x`: where `x` is permuted, so are the zeros. `scatter_` into them wrote
nothing, and all stayed zero: in pytorch#115152 none of 16,000 values arrived. Nothing is raised.

Why (inferred from the source of those days): the result was computed into a temporary contiguous copy of the
destination, which was never written back. It takes a destination that is not contiguous; index and values do not
matter.

You hit it in a top-k sparse autoencoder that scatters the kept activations back into a dense tensor, if the
activations were permuted before: it then reconstructs its bias alone. `memory_format=torch.contiguous_format` avoids
it.

It was seen on a development build of 2.2, on macOS 13.0; the issue was open when last seen. PyTorch 2.13.0 has other
code for `scatter_`, which reads the strides; that it is right there is inferred. What macOS 15 and later make of it
is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#115152",
    "also": ["pytorch/pytorch#184057"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.scatter_"],
    "affected": "==2.2.0.dev20231128",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#115152",
            "date": "2023-12-05",
            "torch": "2.2.0.dev20231128",
            "macos": "13.0",
            "figures": {"expected_nonzero": 16000, "mps_nonzero": 0},
        }
    ],
    "met_in": ["top-k sparse autoencoders that scatter into zeros_like of permuted activations (judged)"],
    "caveat": "2.13.0 replaced the code behind it; that this is the fix is inferred.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["scatter"], "form": "inplace", "when": ["self.layout != contiguous"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 6, 4, generator=generator),)  # (batch, feature, position)


def compute(device, acts):
    acts = acts.to(device).permute(0, 2, 1)  # (batch, position, feature)
    top = acts.topk(2)
    return torch.zeros_like(acts).scatter_(2, top.indices, top.values)


def workaround(device, acts):
    acts = acts.to(device).permute(0, 2, 1)
    top = acts.topk(2)
    zeros = torch.zeros_like(acts, memory_format=torch.contiguous_format)
    return zeros.scatter_(2, top.indices, top.values)


def control(device, acts):
    acts = acts.to(device)
    top = acts.topk(2)
    return torch.zeros_like(acts).scatter_(2, top.indices, top.values)


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
