"""`torch.cumsum` of a boolean mask wraps around after 127 and goes on at -128.

A boolean tensor is summed in 8 bits, and only the finished sum is widened to int64. So from the 128th `True` on the
result is 256 too small, then 512, and so on. The dtype of the result is int64 as it should be; nothing is raised. Passing
`dtype=torch.int64`, or a mask of integers, is right.

You meet it where positions are counted along a mask that is still boolean, `mask.cumsum(-1) - 1`, for prompts of more
than 127 tokens: they then get negative positions, or those of other tokens. RoBERTa in Transformers makes the mask whole
numbers before it counts.

It was seen in a build of March 2023 on macOS 13.3, and again in May 2024 by the author of the fix, which makes the mask
int32 first. The fix was approved on 2 May 2024, six weeks before the branch of PyTorch 2.4 was cut; that it landed there
is likely, but was not read. Which releases before it are affected was not read either.
"""

BUG = {
    "issue": "pytorch/pytorch#96614",
    "also": ["pytorch/pytorch#96610", "tincans-ai/gazelle#1"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.cumsum"],
    "affected": "==2.1.0.dev20230311",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#125318",
    "reported": [
        {
            "thread": "pytorch/pytorch#96614",
            "date": "2023-03-12",
            "torch": "2.1.0.dev20230311",
            "macos": "13.3",
            "figures": {"mismatched": "1619/2000", "greatest_abs_difference": 768},
        },
        {
            "thread": "pytorch/pytorch#125318",
            "date": "2024-05-01",
            "figures": {"ones(128).cumsum last": -128},
        },
    ],
    "met_in": ["position ids from a boolean mask", "Gazelle (speech and language), repaired in April 2024"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["cumsum"], "when": ["self.dtype == bool", "dtype.given == false", "self.size.dim > 127"]}],
    "effect": "rounds(result, int8)",
}

import torch


def inputs():
    mask = torch.ones(2, 200, dtype=torch.bool)
    mask[0, :3] = False  # padding on the left
    return (mask,)


def compute(device, mask):
    return mask.to(device).cumsum(-1) - 1  # the position of each token


def workaround(device, mask):
    return mask.to(device).cumsum(-1, dtype=torch.int64) - 1


def control(device, mask):
    return mask.to(device)[:, :100].cumsum(-1) - 1  # a short prompt


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
