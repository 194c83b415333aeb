"""`torch.clamp` takes the lower bound of an earlier call where both bounds are nearly zero.

Apple GPUs compute `clamp` with a graph that PyTorch builds once and finds again by a name. The bound is part of the
name, printed with six decimals, so that `0`, `1e-8` and `1e-7` are all called `0.000000`. The first of them that the
process used with this shape and dtype is built into the graph, and all others get it. Nothing is raised.

So after a harmless `x.clamp(min=0)` the guard in `p.clamp(min=1e-7).log()` is gone: a probability of zero gives minus
infinity, in an entropy, a KL divergence, a log-probability. Which call wins depends on what ran before, as in
kornia's tests, which passed alone and failed together. `torch.clamp_min` does the same among its own calls, and an
upper bound is printed like a lower one. A bound of 1e-6 or more has digits of its own; two bounds of any size that
agree in six decimals are confused too. The trigger below names the lower bounds near zero alone.

Reported in November 2025, and seen with PyTorch 2.9.1. 2.10.0 writes the bound exactly. Which release was the first
is not known. A bound that is a tensor is not part of the name.
"""

BUG = {
    "issue": "pytorch/pytorch#167767",
    "also": ["kornia/kornia#3942"],
    "kind": "wrong",
    "family": "graph-cache",
    "ops": ["torch.clamp", "torch.clamp_min"],
    "affected": ">=2.9.1,<2.10",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#167777",
    "reported": [
        {
            "thread": "pytorch/pytorch#167767",
            "date": "2025-11-13",
            "figures": {"cpu": 1e-07, "mps_clamp_min_1e-7": 0.0, "mps_with_max_inf": 1e-07, "mps_clamp_min()": 1e-07},
        },
        {"thread": "kornia/kornia#3942", "torch": "2.9.1", "figures": {"cpu": [1e-08, 1e-07], "mps": [1e-08, 1e-08]}},
    ],
    "met_in": [
        "log(p.clamp(min=1e-7)): entropy, KL divergence, log-probabilities",
        "kornia: normalize_pixel_coordinates",
    ],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 39,
    "trigger": [
        {
            "op": ["clamp"],
            "when": [
                "min.value < 5e-7",
                "min.value > -5e-7",
                "max.given == false",
                "earlier.min.value < 5e-7",
                "earlier.min.value > -5e-7",
                "earlier.min.value != min.value",
                "earlier.max.given == false",
                "earlier.self.shape == self.shape",
                "earlier.self.dtype == self.dtype",
            ],
        },
        {
            "op": ["clamp"],
            "when": [
                "min.value < 5e-7",
                "min.value > -5e-7",
                "earlier.min.value < 5e-7",
                "earlier.min.value > -5e-7",
                "earlier.min.value != min.value",
                "earlier.max.value == max.value",
                "earlier.self.shape == self.shape",
                "earlier.self.dtype == self.dtype",
            ],
        },
        {
            "op": ["clamp_min"],
            "when": [
                "min.value < 5e-7",
                "min.value > -5e-7",
                "earlier.min.value < 5e-7",
                "earlier.min.value > -5e-7",
                "earlier.min.value != min.value",
                "earlier.self.shape == self.shape",
                "earlier.self.dtype == self.dtype",
            ],
        },
    ],
    "effect": "stale(min)",
    "fresh": True,
}

import torch


def inputs():
    return (torch.tensor([0.5, 0.25, 0.25, 0.0]),)  # probabilities, one of them zero


def compute(device, p):
    p = p.to(device)
    p.clamp(min=0.0)  # its bound stays in the graph
    return p.clamp(min=1e-7).log()


def workaround(device, p):
    p = p.to(device)
    p.clamp(min=0.0)
    return p.clamp(min=torch.tensor(1e-7, dtype=p.dtype, device=p.device)).log()


def control(device, p):
    p = p.to(device)
    p.clamp(min=1e-3)  # a bound with digits of its own
    return p.reshape(2, 2).clamp(min=1e-7).log()  # a shape of its own, should compute have run before


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
