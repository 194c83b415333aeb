"""`F.linear` reads a non-contiguous weight as if it were contiguous.

PyTorch 2.8.0 gave `F.linear` on Apple GPUs a shorter path for macOS 15 and later. It hands the weight's memory to the
matrix kernel without its strides, so a weight that is a view (a transpose, a slice, an `einops.rearrange`) is read in
the wrong order. The numbers are finite and of the right size; nothing is raised.

You meet it wherever a model keeps its weights in another order than `F.linear` wants: `HookedTransformer` up to
TransformerLens 2.17 in the output projection of every attention layer, `TransformerBridge` on GPT-2 in Q, K and V,
hand-written loaders with `nn.Parameter(w.T)`. A plain `nn.Linear` is not touched.

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
        "loaders that say nn.Parameter(w.T)",
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


# The lines below are the same in every snippet: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    try:
        torch.ones(1, device=device)
    except Exception:
        sys.exit(f"COULD NOT RUN: this torch sees no device {device!r}; on a Mac see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, where, change=lambda t: t):  # its outputs, on the CPU
        outputs = function(where, *map(change, inputs()))
        return [t.detach().cpu() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]

    def error_ratio(got, cpu, exact):  # the device's error over the CPU's; infinite where no rounding explains it
        if got.shape != cpu.shape or got.dtype != cpu.dtype:
            return float("inf")
        same = [(got == t) | (got.isnan() & t.isnan()) for t in (cpu, exact.to(cpu.dtype))]
        if got.numel() == 0 or not (got.is_floating_point() or got.is_complex()):
            return 0.0 if (same[0] | same[1]).all() else float("inf")
        eps, got, cpu, exact = torch.finfo(cpu.dtype).eps, wide(got), wide(cpu), wide(exact)
        exact = torch.where(exact.isfinite(), exact, cpu)
        here, there = (t.isfinite() & exact.isfinite() for t in (cpu, got))  # NaN and infinity have their places
        pairs = ((got - exact, there), (cpu - exact, here), (exact, here))
        sizes = (torch.where(finite, t.abs(), 0.0) for t, finite in pairs)
        error, own, size = (torch.stack([t.square().mean().sqrt(), t.max()]) for t in sizes)  # RMS and largest
        rounding = torch.maximum(own, eps * size).clamp(min=2**-126) if own.any() else own  # a copy must be exact
        ratio = (error / rounding).nan_to_num(0.0, float("inf")).max().item()
        return ratio if (same[0] | same[1] | there).all() else float("inf")

    def agrees(function, reference):
        got, cpu, exact = run(function, device), run(function, "cpu"), run(reference, "cpu", wide)
        ratios = [error_ratio(*outputs) for outputs in zip(got, cpu, exact)]
        right = len(got) == len(cpu) and max(ratios) <= 10
        shown = ", ".join(f"{ratio:.3g}" for ratio in ratios)  # one for each output
        print(f"  {function.__name__:10} error ratio {shown}, 10 allowed: {'agrees' if right else 'WRONG'}")
        return right

    right = agrees(compute, compute)
    agrees(control, control)
    if "workaround" in globals():
        agrees(workaround, compute)
    print(f"{'AGREES' if right else 'WRONG'}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if right else 3)
