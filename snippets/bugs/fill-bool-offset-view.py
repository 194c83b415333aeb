"""`mask[1:].fill_(True)` of a boolean tensor writes the wrong positions.

For types of one byte the kernel stores four elements at once. Apple GPUs move such a store down to the next multiple of four
bytes without a word. So where a view begins elsewhere, the elements in front of it are overwritten and others inside are
skipped: of 16 elements, `mask[1:].fill_(True)` also set element 0 and left out element 12.

You hit it when you build a mask in place by slices, for example to leave out the first token: that token is let in and another
is shut out. Booleans, int8 and uint8 are hit; a view that begins at a multiple of four is right. Whether `mask[1:] = True` is
hit too is not known: on a GPU it is a copy, not a fill.

PyTorch 2.12.0 alone: it is called a regression, and 2.12.1 has the fix (pytorch#183790).
"""

BUG = {
    "issue": "pytorch/pytorch#183631",
    "also": ["pytorch/pytorch#183672"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.fill_"],
    "introduced": {"version": "2.12", "basis": "thread"},
    "affected": ">=2.12.0,<2.12.1",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#183790",
    "reported": [
        {
            "thread": "pytorch/pytorch#183631",
            "date": "2026-05-13",
            "torch": "2.12.0",
            "macos": "26.4.1",
            "figures": {"cpu_false_positions": [0], "mps_false_positions": [12]},
        }
    ],
    "met_in": ["masks built in place by slices, such as mask[1:].fill_(True) to leave out the first token (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 27,
    "trigger": [
        {
            "op": ["fill"],
            "form": "inplace",
            "when": [
                "self.device == accel",
                "self.dtype in bool,int8,uint8",
                "self.offset not-multiple-of 4",
                "self.layout == contiguous",
            ],
        }
    ],
    "effect": "unwritten(result, last 1)",
}

import torch


def inputs():
    return (torch.zeros(16, dtype=torch.bool),)


def compute(device, mask):
    mask = mask.to(device, copy=True)
    mask[1:].fill_(True)  # begins one byte behind a multiple of four
    return mask


def workaround(device, mask):
    mask = mask.clone()
    mask[1:].fill_(True)  # on the CPU
    return mask.to(device)


def control(device, mask):
    mask = mask.to(device, copy=True)
    mask[4:].fill_(True)
    return mask


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
