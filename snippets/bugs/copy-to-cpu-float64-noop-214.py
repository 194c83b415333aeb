"""Copying an Apple GPU tensor into a float64 CPU tensor (`copy_`, `x.to("cpu", torch.float64)`) writes nothing.

The conversion runs on the GPU, whose kernel skips the store for a dtype that Metal does not have: float64, complex128
and a few rarer ones. `destination.copy_(x)` leaves the destination as it was; `x.to("cpu", torch.float64)` returns
fresh, unwritten memory, which often reads as zeros. Nothing is raised.

You meet it where metrics are taken in double precision on the CPU: losses, logit differences, activation statistics.
`x.cpu().double()` converts on the CPU and is right.

PyTorch 2.13.0 raised a `TypeError` for this call; 2.14.0 and a nightly of 2026-09-19 are wrong. The cure does not
convert, it raises again. The macOS wheel of 2.15.0 has it, that of 2.14.1 does not; both were read in their machine
code. The copy in 2.15.0 first looks up the Metal name of the destination's dtype, which fails for float64 and
complex128. Where the call raises, this snippet ends with that error: no bug there.
"""

BUG = {
    "issue": "pytorch/pytorch#197715",
    "kind": "wrong",
    "family": "copy",
    "introduced": {"version": "2.14", "basis": "thread"},
    "affected": ">=2.14,<2.15",
    "basis": {"seen": "thread", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#197722",
    "reported": [
        {
            "thread": "pytorch/pytorch#197715",
            "date": "2026-09-19",
            "torch": "2.14.0",
            "macos": "26.6.2",
            "chip": "M1 Pro",
            "figures": {"right": [0.3333, 0.6667, 1.0], "got": [0, 0, 0], "got_into_sevens": [7, 7, 7]},
        }
    ],
    "met_in": ['losses, logit differences and activation statistics taken with .to("cpu", torch.float64)'],
    "danger": 24,
    "trigger": [
        {"op": ["copy"], "when": ["self.device == cpu", "src.device == accel", "self.dtype in float64,complex128"]}
    ],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(64, generator=generator),)


def compute(device, x):
    # filled first: fresh memory could hold the right numbers by accident
    return torch.full(x.shape, 7.0, dtype=torch.float64).copy_(x.to(device))


def workaround(device, x):
    return x.to(device).cpu().double()


def control(device, x):
    return torch.full_like(x, 7.0).copy_(x.to(device))  # a destination of the same dtype


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
