"""`x[i:j].to("cpu", dtype)` with another dtype returns numbers from the wrong place.

Where one call moves a slice from the GPU to the CPU and converts it as well, the place of the slice is applied wrongly. The
result is other elements, bits read across two elements, or zeros: in the report an offset of one element gave an error of
3.7e19, and offsets of 256 elements and more gave nothing but zeros. The source stays intact and nothing is raised.

You hit it when you pull part of a cached activation to the CPU in float32, as in `cache[100:].to("cpu", torch.float32)`.
Float16 and bfloat16 to float32, float32 to float16 and int16 to int32 are reported. `.cpu()` first and the conversion
after it is right. A slice at the start of its tensor is right too.

Reported on PyTorch 2.13.0, M5 Pro, macOS 26.5.2. Fixed in 2.14 (pytorch#184740, pytorch#189572 and pytorch#189966 together,
says pytorch#194396). When it began is not known; the code of 2023 already applies the offset to the converted numbers. A
slice with gaps, which arrives with other strides, is copied into plain memory first (pytorch#189966), so it should be right.
"""

BUG = {
    "issue": "pytorch/pytorch#194344",
    "also": ["pytorch/pytorch#194396", "pytorch/pytorch#184740", "pytorch/pytorch#189572"],
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.to", "torch.Tensor.copy_"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#189966",
    "reported": [
        {
            "thread": "pytorch/pytorch#194344",
            "date": "2026-08-21",
            "torch": "2.13.0",
            "macos": "26.5.2",
            "chip": "M5 Pro",
            "figures": {
                "max_abs_err_offset_1": 3.7109572968602665e19,
                "max_abs_err_offset_2": 2.486,
                "max_abs_err_offset_64": 2.747,
                "max_abs_err_offset_256": 2.799,
            },
        }
    ],
    "met_in": ["pulling part of a half-precision activation to the CPU as float32 (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 21,
    "trigger": [
        {
            "op": ["copy"],
            "when": [
                "self.device == cpu",
                "src.device == accel",
                "src.offset > 0",
                "self.strides == src.strides",
                "self.dtype != src.dtype",
            ],
        }
    ],
    "effect": "ignores-offset(src)",
}

import torch


def inputs():
    return (torch.arange(1000, dtype=torch.int16),)


def compute(device, x):
    return x.to(device)[256:320].to("cpu", torch.int32)  # moved and converted in one call


def workaround(device, x):
    return x.to(device)[256:320].cpu().to(torch.int32)


def control(device, x):
    return x.to(device)[:64].to("cpu", torch.int32)  # a slice at the start


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
