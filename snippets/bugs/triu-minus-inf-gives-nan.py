"""`torch.triu` turns the zeros of a causal mask into NaN.

Called with a diagonal above 0, `triu` got the kept part by subtracting the rest from the input (pytorch#128575). Where
the input is minus infinity and the result should be 0, infinity minus infinity gives NaN. So the usual additive causal
mask, `torch.triu(torch.full((n, n), float("-inf")), diagonal=1)`, holds NaN on and below the diagonal, and attention
that adds it is NaN as well.

You meet it in `nn.Transformer.generate_square_subsequent_mask` when the mask is made on the device, in the reference
code for Llama models and in hand-written attention.

PyTorch 2.5.0 selects instead of subtracting. The twin, `torch.tril` with a diagonal below 0, kept the fault: it was
reported on 2.6.0 (pytorch#149813), and the macOS wheel of 2.7.0 is the first whose `tril` selects.
"""

BUG = {
    "issue": "pytorch/pytorch#100005",
    "also": [
        "pytorch/pytorch#106341",
        "pytorch/pytorch#116170",
        "pytorch/pytorch#128429",
        "pytorch/pytorch#144532",
        "pytorch/pytorch#149813",
        "meta-llama/llama-models#164",
    ],
    "kind": "nan",
    "family": "mask",
    "affected": ">=2.0.1,<2.5",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#128575",
    "reported": [
        {"thread": "pytorch/pytorch#106341", "date": "2023-07-31", "torch": "2.0.1", "macos": "13.4"},
        {"thread": "pytorch/pytorch#116170", "date": "2023-12-20", "torch": "2.1.0", "macos": "13.6"},
        {
            "thread": "pytorch/pytorch#128429",
            "date": "2024-06-11",
            "torch": "2.4.0.dev20240607",
            "macos": "14.5",
            "chip": "M1 Max",
        },
        {
            "thread": "pytorch/pytorch#144532",
            "date": "2025-01-10",
            "torch": "2.2.2",
            "macos": "15.1.1",
            "chip": "M4 Pro",
        },
    ],
    "met_in": [
        "torch.nn.Transformer.generate_square_subsequent_mask on the device",
        "Llama reference code before meta-llama/llama-models#164",
        "hand-written causal masks",
    ],
    "danger": 40,
    "trigger": [{"op": ["triu"], "when": ["self has neginf"]}],
    "effect": "makes-nan(result)",
}

import torch


def inputs():
    return (torch.full((1, 1, 10, 10), float("-inf")),)  # nothing to draw: (batch, head, query, key)


def compute(device, minus_inf):
    return torch.triu(minus_inf.to(device), diagonal=1)


def workaround(device, minus_inf):
    minus_inf = minus_inf.to(device)
    position = torch.arange(minus_inf.shape[-1], device=device)
    future = position[None, :] > position[:, None]  # True where the key comes after the query
    return torch.where(future, minus_inf, torch.zeros_like(minus_inf))  # selects, never subtracts


def control(device, minus_inf):
    large = torch.full_like(minus_inf, -1e4)  # a finite "minus infinity"
    return torch.triu(large.to(device), diagonal=1)


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
