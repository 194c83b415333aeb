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

    def run(function, where, upcast=False):  # all outputs of a function as one vector on the CPU
        outputs = function(where, *(t.double() if upcast and t.is_floating_point() else t for t in inputs()))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return torch.cat([t.detach().cpu().flatten() for t in outputs])

    def agrees(function, reference):
        got, cpu, exact = run(function, device), run(function, "cpu"), run(reference, "cpu", upcast=True).double()

        def rms_error(values):  # equal infinities, and NaN where NaN belongs, are no error
            same = (values == exact) | (values.isnan() & exact.isnan())
            return torch.where(same, 0.0, values.double() - exact).square().mean().sqrt().item()

        eps = torch.finfo(cpu.dtype).eps if cpu.is_floating_point() else 0.0
        floor = eps * exact[exact.isfinite()].square().mean().sqrt().item()
        allowed = 10 * max(rms_error(cpu), floor) if rms_error(cpu) else 0.0  # where the CPU is exact, so is a device
        right = got.shape == exact.shape and rms_error(got) <= allowed
        error = rms_error(got) if got.shape == exact.shape else float("inf")
        word = "agrees" if right else "WRONG"
        print(f"  {function.__name__:10} error {error:.3g} on {device}, {allowed:.3g} allowed: {word}")
        return right

    right = agrees(compute, compute)
    agrees(control, control)
    if "workaround" in globals():
        agrees(workaround, compute)
    print(f"{'AGREES' if right else 'WRONG'}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if right else 3)
