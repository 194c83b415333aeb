"""`torch.baddbmm` with `beta=0` lets NaN of the ignored input through.

With `beta=0` the input is documented to be ignored, NaN and infinity included. The kernel for Apple GPUs computes
0 times the input, and adds it: NaN and infinity become NaN in the result. Nothing is raised.

Code that relies on the promise hands over memory that nobody has written to. `diffusers` did so in its sliced
attention, so that SDXL with `enable_attention_slicing()` gave black images, now and then, as the memory happened to
be (huggingface/diffusers#14438).

Seen with 2.11.0 and 2.13.0, and in March 2023 on a nightly of 2.1; the releases in between are named nowhere. The fix
of June 2026 missed 2.13.0; the release notes of 2.14.0 have it. Use `torch.bmm` where beta is zero.
"""

BUG = {
    "issue": "pytorch/pytorch#187521",
    "also": ["huggingface/diffusers#14459", "huggingface/diffusers#2643", "huggingface/diffusers#11229"],
    "kind": "nan",
    "family": "matmul",
    "ops": ["torch.baddbmm"],
    "affected": ">=2.1.0.dev20230310,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#187522",
    "reported": [
        {
            "thread": "pytorch/pytorch#187521",
            "date": "2026-06-16",
            "macos": "27",
            "figures": {"cpu": 1.0, "mps": "nan"},
        },
        {
            "thread": "huggingface/diffusers#14438",
            "torch": "2.13.0",
            "figures": {"pixel_mean_with_slicing": 0.0, "pixel_mean_without": 140.73},
        },
        {"thread": "pytorch/pytorch#194442", "date": "2026-08-22", "figures": {"mps_nan_count": "225280 of 225280"}},
        {
            "thread": "huggingface/diffusers#13701",
            "date": "2026-05-08",
            "torch": "2.11.0",
            "chip": "M4",
            "figures": {"mps_trials_with_nan": "30 of 30", "cpu_trials_with_nan": "0 of 5"},
        },
        {
            "thread": "huggingface/diffusers#2643",
            "date": "2023-03-11",
            "torch": "2.1.0.dev20230310",
            "figures": {"shape": [40, 4096, 4096], "attention_scores": "nan"},
        },
        {
            "thread": "huggingface/diffusers#14459",
            "date": "2026-08-19",
            "torch": "2.13.0",
            "figures": {"cpu": 1.0, "mps": "nan"},
        },
    ],
    "met_in": ["diffusers: enable_attention_slicing (huggingface/diffusers#14459)"],
    "caveat": "Intermittent where the ignored input is fresh memory: huggingface/diffusers#2643 says that some older versions were fine. Releases from 2.1 to 2.10 are named nowhere.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["baddbmm"], "when": ["beta.value == 0", "self has nan"]},
        {"op": ["baddbmm"], "when": ["beta.value == 0", "self has inf"]},
    ],
    "effect": "sets(result, nan)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(1, 4, 8, generator=generator)
    return torch.full((1, 4, 4), float("nan")), a, torch.randn(1, 8, 4, generator=generator)


def compute(device, ignored, a, b):
    return torch.baddbmm(ignored.to(device), a.to(device), b.to(device), beta=0)


def workaround(device, ignored, a, b):
    return torch.bmm(a.to(device), b.to(device))


def control(device, ignored, a, b):
    return torch.baddbmm(torch.zeros_like(ignored.to(device)), a.to(device), b.to(device), beta=0)


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
