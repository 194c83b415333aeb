"""`mps_tensor * cpu_vector[i]` multiplies by `cpu_vector[0]`, whatever `i` is.

PyTorch lets a 0-dim CPU tensor meet a tensor on another device. The kernel for Apple GPUs is handed the start of that
scalar's storage instead of its place in it, so an element of a CPU vector, which is a view with a storage offset, is
read as element 0. Addition, subtraction and division do the same, in place too and with the scalar on either side.
Nothing is raised.

You meet it when a table of strengths stays on the CPU and is indexed in a loop: every step of the sweep uses the first
strength, and the sweep looks flat. It broke noise schedules of diffusion models. A float64 scalar took another branch,
which the fix's author found right.

It was found in PyTorch 2.12.0. A maintainer's table has 2.13.0 wrong and 2.14.0 right. When it began is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#187117",
    "also": [
        "pytorch/pytorch#191929",
        "pytorch/pytorch#193057",
        "pytorch/pytorch#195008",
        "huggingface/diffusers#14368",
    ],
    "kind": "wrong",
    "family": "offset",
    "affected": ">=2.12,<2.14",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#187229",
    "reported": [
        {"thread": "pytorch/pytorch#187117", "date": "2026-06-12", "torch": "2.12.0", "figures": {"max_abs": 3.4439}},
        {
            "thread": "pytorch/pytorch#191929",
            "date": "2026-08-03",
            "figures": {"right": [36, 8, 28], "got": [36, 36, 36]},
        },
        {"thread": "huggingface/diffusers#14368", "date": "2026-08-03", "figures": {"nan": "4096 of 4096"}},
        {
            "thread": "pytorch/pytorch#195008",
            "date": "2026-08-28",
            "torch": "2.13.0",
            "figures": {"right": 5, "got": 1},
        },
    ],
    "met_in": [
        "activation steering: resid + strengths[i] * vector with strengths on the CPU",
        "diffusers: IPNDMScheduler",
    ],
    "danger": 20,
    "trigger": [
        {"op": ["mul", "div", "add", "sub"], "when": ["other.device == cpu", "other.ndim == 0", "other.offset > 0"]}
    ],
    "effect": "ignores-offset(other)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(64, generator=generator)
    strengths = torch.tensor([8.0, -1.0, 3.0, 0.5])
    return vector, strengths


def compute(device, vector, strengths):
    return vector.to(device) * strengths[2]  # the scalar stays on the CPU: 0-dim, storage offset 2


def workaround(device, vector, strengths):
    return vector.to(device) * strengths[2].item()


def control(device, vector, strengths):
    return vector.to(device) * strengths[0]  # the same call at offset 0


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
