"""`F.gelu` of a transposed tensor returns meaningless numbers.

On a view in another order, such as a transpose, the result came back with values that GELU cannot give: in
transformers#22468 some lay near -8, where GELU never goes below -0.17, and the error grew from about 1e-7 before the
activation to about 10 after it. `.contiguous()` before the call cures it.

Why (inferred, no thread says it): a result in another order than the plain one was computed into a temporary copy and
never written back, so the caller sees what the memory held before. The source of that time reads so, and the fix adds
the missing copy.

You meet it where a model transposes before the activation: GLPN and SegFormer do so in each block. BERT, GPT-NeoX and
Gemma 2 hand `gelu` contiguous tensors, and GPT-2 spells its activation out (all seen on a CPU, transformers 5.24).

It was seen on a development build of 2.1. The macOS wheel of 2.3.1 lacks the fix, that of 2.4.0 has it. Leaky ReLU and
Mish had the same fault, in the backward pass too, and were mended with it (pytorch#123049).
"""

BUG = {
    "issue": "pytorch/pytorch#98212",
    "also": ["huggingface/transformers#22468", "zhihanyue/ts2vec#33", "RaymondWang987/NVDS#28"],
    "kind": "wrong",
    "family": "strides",
    "affected": ">=2.1.0.dev20230329,<2.4",
    "basis": {"seen": "thread", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#123049",
    "reported": [
        {
            "thread": "huggingface/transformers#22468",
            "date": "2023-03-30",
            "torch": "2.1.0.dev20230329",
            "macos": "13.3",
        },
        {
            "thread": "huggingface/transformers#22468",
            "date": "2023-03-31",
            "figures": {
                "max_difference_before": "about 1e-7",
                "max_difference_after": "about 10",
                "lowest_value": "about -8",
            },
        },
    ],
    "met_in": ["transformers: GLPN and SegFormer (Mix-FFN)", "TS2Vec", "NVDS"],
    "trigger": [{"op": ["gelu"], "when": ["self.layout == permuted"]}],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 16, 24, generator=generator),)  # (batch, channel, position)


def compute(device, x):
    return F.gelu(x.to(device).transpose(1, 2))  # (batch, position, channel): a view in another order


def workaround(device, x):
    return F.gelu(x.to(device).transpose(1, 2).contiguous())


def control(device, x):
    return F.gelu(x.to(device))  # the same numbers in the plain order


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
