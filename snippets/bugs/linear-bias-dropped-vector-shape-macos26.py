"""`F.linear` drops the bias for inputs of one row each on macOS 26.

For an input such as (80, 1, 2) each batch item is a single vector. Apple's kernel that adds the bias in one go takes
another way there, and leaves the bias out: the error that the thread prints is to the last digit that of a missing
bias (inferred). Without a bias, or with more than one row, the result is right. Nothing is raised.

You hit it in token-by-token decoding through layers with a bias, as in Whisper or BERT-like decoders, and in TabPFN,
where it was found.

Seen with a nightly of 2.14 on a hosted virtual M1 with macOS 26; a beta of macOS 27 was right. The release notes of
2.14.0 have the fix, which adds the bias separately on all M1 with macOS 26. Older versions were not tried; that whole
models fail on such machines with 2.8 to 2.13 for this reason (actions/runner-images#14380) is inferred. By the source
the kernel is called on macOS 15 or newer for contiguous inputs and weights.
"""

BUG = {
    "issue": "pytorch/pytorch#188438",
    "also": ["pytorch/pytorch#192934", "PriorLabs/TabPFN#1084", "actions/runner-images#14380"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.nn.functional.linear"],
    "affected": ">=2.14.0.dev20260629,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#188619",
    "macos": ">=26,<27",
    "macos_note": "right on a beta of macOS 27",
    "chips": ["M1"],
    "reported": [
        {
            "thread": "pytorch/pytorch#188438",
            "date": "2026-06-29",
            "torch": "2.14.0.dev20260629",
            "macos": "26",
            "chip": "M1 (virtual)",
            "figures": {"rel_err_2_192": 0.2273, "rel_err_4_192": 0.1785},
        }
    ],
    "met_in": [
        "TabPFN (PriorLabs/TabPFN#1084)",
        "token-by-token decoding: (batch, 1, width) through layers with a bias (judged)",
    ],
    "caveat": "Seen on a hosted virtual M1 alone; PyTorch's guard covers all M1s. Older versions were not tried: that whole models fail there with 2.8 to 2.13 (actions/runner-images#14380) for this reason is inferred.",
    "caused_by": "macos",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 18,
    "trigger": [
        {
            "op": ["linear"],
            "when": [
                "input.ndim >= 3",
                "input.size.-2 == 1",
                "bias.ndim >= 1",
                "input.layout == contiguous",
                "weight.layout == contiguous",
            ],
        }
    ],
    "effect": "drops(bias)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(80, 1, 2, generator=generator)
    return x, torch.randn(192, 2, generator=generator), torch.randn(192, generator=generator)


def compute(device, x, weight, bias):
    return F.linear(x.to(device), weight.to(device), bias.to(device))


def workaround(device, x, weight, bias):
    return F.linear(x.to(device), weight.to(device)) + bias.to(device)


def control(device, x, weight, bias):
    return F.linear(x.to(device).flatten(0, 1), weight.to(device), bias.to(device))  # 80 rows in one matrix


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
