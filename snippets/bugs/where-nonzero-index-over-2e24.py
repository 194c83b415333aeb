"""`torch.nonzero` gives wrong positions once they pass 16,777,216 (2**24).

The positions go through float32, which holds every whole number only up to 2**24. A larger odd position comes back as
its even neighbour, and from 2**25 on only multiples of four are right (pytorch#123024 names the cause for the code of
early 2024). The number of hits is right and nothing is raised. `torch.where(condition)` with one argument and
`torch.argwhere` go through `nonzero` and are wrong with it.

You meet it when you search a long flat tensor, such as all (token, latent) activations of a sparse autoencoder in one
row: a feature is credited to a neighbour. All reports are about one-dimensional tensors. Whether the positions of a
larger matrix suffer as long as each of its sides is short is not said in any thread.

PyTorch 2.5.0 hands tensors of 2**24 elements or more to the CPU (pytorch#126188), but only below macOS 15, as its macOS
wheel shows. From macOS 15 on it still calls the operation of Apple's framework that 2.4.0 calls, and 2.4.0 was wrong on
macOS 15.1; no thread says whether Apple has cured it since. PyTorch 2.12 has a kernel of its own (pytorch#178484).
"""

BUG = {
    "issue": "pytorch/pytorch#122916",
    "also": ["pytorch/pytorch#122233", "pytorch/pytorch#123024", "pytorch/pytorch#140570", "pytorch/pytorch#178484"],
    "kind": "wrong",
    "family": "large",
    "affected": ">=2.4,<=2.4.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#126188",
    "reported": [
        {
            "thread": "pytorch/pytorch#140570",
            "date": "2024-11-13",
            "torch": "2.4.0",
            "macos": "15.1",
            "chip": "M1",
            "figures": {"position_cpu": 47102619, "position_mps": 47102620},
        }
    ],
    "met_in": ["torch.where(condition), torch.argwhere and nonzero on one row of more than 2**24 activations"],
    "danger": 36,
    "trigger": [{"op": ["nonzero"], "when": ["self.numel > 16777216"]}],
    "effect": "rounds(result, float32)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    positions = torch.randint(2**24 - 1_000_000, 2**24 + 1_000_000, (200,), generator=generator)
    mask = torch.zeros(18_000_000, dtype=torch.bool)
    mask[positions] = True  # 200 hits: half of them above 2**24, and half of those odd
    return (mask,)


def compute(device, mask):
    return torch.nonzero(mask.to(device)).flatten()


def workaround(device, mask):
    mask = mask.to(device)
    found, chunk = [], 2**23
    for start in range(0, mask.numel(), chunk):
        part = mask[start : start + chunk].clone()  # short enough for exact positions
        found.append(torch.nonzero(part).flatten().cpu() + start)  # added on the CPU, where int64 is exact
    return torch.cat(found).to(device)


def control(device, mask):
    return torch.nonzero(mask.to(device)[: 2**24]).flatten()  # the largest size below the limit


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
