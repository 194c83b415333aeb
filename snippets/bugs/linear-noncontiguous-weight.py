"""`F.linear` reads a non-contiguous weight as if it were contiguous.

PyTorch 2.8.0 gave `F.linear` on Apple GPUs a shorter path for macOS 15 and later. It hands the weight's memory to the
matrix kernel without its strides, so a weight that is a view (a transpose, a slice, an `einops.rearrange`) is read in
the wrong order. The numbers are finite and of the right size; nothing is raised.

You hit it wherever a model keeps its weights in another order than `F.linear` wants: `HookedTransformer` up to
TransformerLens 2.17 in the output projection of every attention layer, `TransformerBridge` on GPT-2 in Q, K and V,
hand-written loaders with `nn.Parameter(w.T)`. A plain `nn.Linear` is not hit. Call `.contiguous()` on the weight.

PyTorch 2.9.0 takes the short path only if input, weight and bias are all contiguous.
"""

BUG = {
    "issue": "pytorch/pytorch#161640",
    "also": [
        "pytorch/pytorch#162730",
        "pytorch/pytorch#162779",
        "TransformerLensOrg/TransformerLens#1062",
        "TransformerLensOrg/TransformerLens#1271",
    ],
    "kind": "wrong",
    "family": "strides",
    "introduced": {"version": "2.8", "basis": "wheel"},
    "affected": ">=2.8,<2.9",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#161641",
    "macos": ">=15",
    "reported": [
        {"thread": "TransformerLensOrg/TransformerLens#1062", "date": "2025-09-17", "torch": "2.8.0", "macos": "15.6.1"}
    ],
    "met_in": [
        "TransformerLens 2.2 to 2.17: attention output (W_O)",
        "TransformerBridge: Q, K, V of GPT-2",
        "loaders that say nn.Parameter(w.T) (judged)",
    ],
    "danger": 2,
    "trigger": [{"op": ["linear"], "when": ["weight.layout != contiguous"]}],
    "effect": "ignores-strides(weight)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(8, 64, generator=generator)
    w = torch.randn(64, 32, generator=generator)
    return x, w


def compute(device, x, w):
    weight = w.to(device).T  # shape (32, 64), strides (1, 32): a view, as TransformerLens makes one of W_O
    return F.linear(x.to(device), weight)


def workaround(device, x, w):
    return F.linear(x.to(device), w.to(device).T.contiguous())


def control(device, x, w):
    return x.to(device) @ w.to(device)  # the same product without F.linear


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
