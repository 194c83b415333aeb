"""`GradScaler` sets all bfloat16 gradients to zero, so that the model does not train.

Before a step `GradScaler` divides the gradients by its scale, all of them in one call. The kernel for Apple GPUs
expects the factor in the type of the gradients, but is handed a float32. Of that it reads the first two bytes, and in
a power of two, which the scale is unless you choose another, both are zero. So every gradient becomes zero, the
optimizer steps by nothing, and the loss stays where it is. Nothing is raised, and no step is counted as skipped.

You meet it with `torch.amp.GradScaler("mps")` where the parameters themselves are bfloat16, as after `.bfloat16()` or
`from_pretrained(…, dtype=torch.bfloat16)`: in the thread the loss of a linear layer stands at 1.789 while the CPU's
falls. Parameters in float32 under `torch.autocast` have float32 gradients and are not touched. For float16 parameters
the kernel is as wrong, but there `GradScaler` raises first, unless the optimizer is fused.

The kernel came with PyTorch 2.8.0 (pytorch/pytorch#150255), and 2.13.0 computes in float32 instead. That the releases
between have the fault is inferred from the code; none was named in a thread.
"""

BUG = {
    "issue": "pytorch/pytorch#184286",
    "also": ["pytorch/pytorch#150255"],
    "kind": "wrong",
    "family": "optimizer",
    "ops": ["torch.amp.GradScaler"],
    "introduced": {"version": "2.8", "basis": "release notes"},
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184286",
    "reported": [
        {
            "thread": "pytorch/pytorch#184286",
            "date": "2026-05-18",
            "figures": {"cpu_loss": "1.789 down to 1.3125 in 20 steps", "mps_loss": "1.7890625 at every step"},
        }
    ],
    "met_in": ["torch.amp.GradScaler with a model in bfloat16: fine-tuning, probes, sparse autoencoders"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["_amp_foreach_non_finite_check_and_unscale"], "when": ["self.dtype in float16,bfloat16"]},
    ],
    "effect": "sets(inv_scale, 0)",
    "dtypes": ["bfloat16"],
}

import torch


def inputs():
    return (torch.tensor([8.0, -24.0, 40.0, 4.0]),)  # exact in bfloat16, and so is an eighth of them


def unscaled(gradient):  # what GradScaler.unscale_ and GradScaler.step call, for a scale of 8
    inv_scale = torch.tensor(1 / 8, dtype=torch.float32, device=gradient.device)
    found_inf = torch.zeros(1, dtype=torch.float32, device=gradient.device)
    torch._amp_foreach_non_finite_check_and_unscale_([gradient], found_inf, inv_scale)
    return gradient


def compute(device, gradient):
    return unscaled(gradient.to(device, copy=True))


def workaround(device, gradient):  # parameters in float32, with torch.autocast for the speed
    return unscaled(gradient.to(device, torch.float32, copy=True)).to(gradient.dtype)


def control(device, gradient):
    return unscaled(gradient.to(device, torch.float32, copy=True))


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
