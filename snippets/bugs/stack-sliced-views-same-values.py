"""`torch.stack` of two slices repeats the first slice.

`stack` gives each tensor one more dimension and joins them. A slice that is contiguous but starts inside its base, once
unsqueezed, was read from the start of the base (pytorch#91071), so all slices come out with the values of the first.
Shape and dtype are right and nothing is raised. `.contiguous()` changes nothing, since such a slice is contiguous
already; `.clone()` makes a copy without an offset.

You meet it when you stack pieces of one tensor: two halves of a vector, or one position out of each cached activation.
Batches of labels kept on the device showed the same picture, the first label repeated (pytorch#92265, pytorch#93356).

It was seen on a development build of 1.14, which became 2.0, on macOS 12.3.1; the reporter thinks that older versions
have it too. The cure was picked into the branch of 2.0 (pytorch#95323, inferred from its date and kind). In August 2023
a DataLoader over labels on the device repeated the first label again (pytorch#108045); of which version that is, and
whether the cause is the same, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#87856",
    "also": [
        "pytorch/pytorch#91071",
        "pytorch/pytorch#91065",
        "pytorch/pytorch#92265",
        "pytorch/pytorch#93356",
        "pytorch/pytorch#108045",
    ],
    "kind": "wrong",
    "family": "offset",
    "affected": ">=1.14.0.dev20221027,<2.0",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#95323",
    "reported": [
        {
            "thread": "pytorch/pytorch#87856",
            "date": "2022-10-27",
            "torch": "1.14.0.dev20221027",
            "macos": "12.3.1",
            "figures": {"cpu": [1, 2], "mps": [1, 1]},
        }
    ],
    "met_in": [
        "TransformerLens: ActivationCache.decompose_resid(pos_slice=-1) on one prompt stacks such slices",
        "two halves of one vector",
    ],
    "trigger": [{"op": ["stack"], "when": ["tensors.offset > 0"]}],
    "effect": "ignores-offset(tensors)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(64, generator=generator),)


def compute(device, x):
    x = x.to(device)
    return torch.stack((x[:32], x[32:]), dim=-1)  # the second half is contiguous, with a storage offset of 32


def workaround(device, x):
    x = x.to(device)
    return torch.stack((x[:32].clone(), x[32:].clone()), dim=-1)


def control(device, x):
    first, second = x[:32].clone(), x[32:].clone()  # two tensors of their own before they reach the device
    return torch.stack((first.to(device), second.to(device)), dim=-1)


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
