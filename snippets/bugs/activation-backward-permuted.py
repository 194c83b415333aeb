"""The gradient of `F.silu`, `torch.sigmoid` and `torch.tanh` is wrong for permuted inputs.

The result takes the layout of the input, or of the gradient that arrives. Where that is not contiguous, the kernels
for Apple GPUs take a contiguous copy, fill that, and never copy it back, so that the gradient holds what stood in its
memory before (inferred from the code of those kernels; a difference of 1.9994 in the thread is more than two
gradients of tanh can differ by). The forward pass is right, and nothing is raised. ELU, GELU and leaky ReLU are right
too.

You meet it in training and in attribution where the activation stands beside a transpose. `Mamba2Model` of
`transformers` does in training, where its fast kernels are not installed (seen with 5.24): the gradient that arrives
at the activation of its convolution is transposed. Llama and `MambaModel` do not.

The thread, of February 2026, gives no versions in what could be read, and no fix. By the code, newer versions of
PyTorch need no copy on macOS 15 and later; which macOS the thread has is not known. The macOS wheels have kernels of
another kind for the gradient of SiLU from 2.12.0 on and for that of tanh from 2.13.0 on. The thread also names mish,
softplus, threshold and ReLU; under which conditions those are wrong is not known well enough, so the trigger leaves
them out.
"""

BUG = {
    "issue": "pytorch/pytorch#175188",
    "also": ["pytorch/pytorch#189490", "pytorch/pytorch#187906"],
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.nn.functional.silu", "torch.sigmoid", "torch.special.logit", "torch.tanh"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#175188",
            "date": "2026-02-17",
            "figures": {"forward_diff": 0.0, "grad_diff": 1.9994},
        }
    ],
    "met_in": [
        "transformers: Mamba2Model without its fast kernels, in training",
        "attribution through an activation of transposed tensors",
    ],
    "caveat": "Closed without a fix that could be read; the kernels of SiLU and tanh are others since 2.12 and 2.13.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 34,
    "trigger": [
        {
            "op": ["silu_backward", "sigmoid_backward", "tanh_backward", "logit_backward"],
            "when": ["result.layout != contiguous"],
        }
    ],
    "effect": "unwritten(result)",
    "absent": {"affected": "the thread as stored names no version and no fix"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(4, 6, generator=generator),)


def compute(device, x):
    x = x.to(device).T.requires_grad_()  # a view: its gradient has the same strides
    return torch.autograd.grad(F.silu(x).sum(), x)[0]


def workaround(device, x):
    x = x.to(device).T.requires_grad_()
    return torch.autograd.grad(F.silu(x.contiguous()).sum(), x)[0]


def control(device, x):
    x = x.to(device).T.requires_grad_()
    return torch.autograd.grad(F.gelu(x).sum(), x)[0]  # an activation that the thread found right


# The lines below are the same in every snippet: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    try:
        torch.ones(1, device=device)
    except Exception:
        sys.exit(f"COULD NOT RUN: this torch sees no device {device!r}; on a Mac see torch.backends.mps.is_available()")
    kind, repeats = BUG["kind"], BUG.get("repeats", 1)
    if kind in ("crash", "hang", "memory"):
        print(f"The bug is of the kind {kind}: where the lines end without a verdict, it is there.", flush=True)
    if "memory" in BUG:
        print(f"This needs {BUG['memory']} GiB of free memory.", flush=True)

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, dtype):  # its outputs, on the CPU
        dtype = getattr(torch, dtype)
        outputs = function(*[t.to(dtype) if t.is_floating_point() else t for t in inputs()])
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

    def in_float64(function):
        return lambda *tensors: function("cpu", *map(wide, tensors))

    def verdict(function, reference, dtype):
        shown = f"  {function.__name__:10}" + f" {dtype}" * ("dtypes" in BUG)
        try:
            runs = [run(lambda *tensors: function(device, *tensors), dtype) for _ in range(repeats)]
        except Exception as error:
            print(f"{shown} {type(error).__name__}: {str(error).partition(chr(10))[0]}: ERROR", flush=True)
            return "ERROR"
        cpu, exact = run(lambda *tensors: function("cpu", *tensors), dtype), run(reference, dtype)
        found = []
        for got in runs:
            ratios = [error_ratio(*outputs) for outputs in zip(got, cpu, exact)]
            found.append(ratios if len(got) == len(cpu) else [float("inf")])
        wrong = sum(max(ratios) > 10 for ratios in found)
        ratios = ", ".join(f"{ratio:.3g}" for ratio in max(found, key=max))  # one for each output, of the worst run
        often = f", {wrong} of {repeats} runs are wrong" * (repeats > 1)
        print(f"{shown} error ratio {ratios}, 10 allowed{often}: {'WRONG' if wrong else 'agrees'}", flush=True)
        return "WRONG" if wrong else "AGREES"

    found, beside, reference = [], [], globals().get("reference", in_float64(compute))
    for dtype in BUG.get("dtypes", ["float32"]):
        found.append(verdict(compute, reference, dtype))
        beside.append(verdict(control, in_float64(control), dtype))
        if "workaround" in globals():
            verdict(workaround, reference, dtype)
    worst = max(found)  # by the alphabet: AGREES, ERROR, WRONG
    if worst == "ERROR" and (kind not in ("error", "memory") or max(beside) != "AGREES"):
        sys.exit("COULD NOT RUN: compute raised an error; that is not the bug, or control is not right either")
    right = worst == "AGREES"
    if right and repeats > 1:
        rate = BUG.get("rate", 1 - 0.01 ** (1 / repeats))
        seen = 1 - (1 - rate) ** repeats
        print(f"What is wrong in {rate:.2%} of runs shows in {repeats} runs with a chance of {seen:.2%}.")
    print(f"{worst}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if right else 3)
