"""`F.linear` with a bias is wrong for 3-D inputs with more than 65,536 matrices.

Apple's kernel that multiplies and adds the bias in one go keeps the number of the matrix in 16 bits. Matrix 65,536
lands on the place of matrix 0, the next one on that of matrix 1; their own places stay unwritten and show what the
memory held. Without a bias the result is right. Nothing is raised.

You hit it where tokens or positions are the batch, as in a probe on (tokens, 1, width). Flatten the input to two
dimensions, or add the bias yourself.

Seen with 2.12.0, 2.13.0 and a nightly of 2.14, on an M5 Max with macOS 26.5.2: 65,536 matrices are right, 65,537 are
not, and of 80,000 matrices 28,928 are wrong. The release notes of 2.14.0 have the fix. By the source the kernel is called
on macOS 15 or newer, for a contiguous input, weight and bias; half types on M5 are flattened before.
"""

BUG = {
    "issue": "pytorch/pytorch#189495",
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.nn.functional.linear"],
    "affected": ">=2.12.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#189496",
    "reported": [
        {
            "thread": "pytorch/pytorch#189495",
            "date": "2026-07-09",
            "torch": "2.12.0",
            "macos": "26.5.2",
            "chip": "M5 Max",
        },
        {
            "thread": "pytorch/pytorch#189495",
            "date": "2026-07-09",
            "torch": "2.13.0",
            "macos": "26.5.2",
            "chip": "M5 Max",
            "figures": {
                "bad_rows_B65536": 0,
                "bad_rows_B65537": 65,
                "bad_rows_B80000": 28928,
                "max_abs_error_65537x11x128": 60,
            },
        },
        {
            "thread": "pytorch/pytorch#189495",
            "date": "2026-07-09",
            "torch": "2.14.0.dev20260709",
            "macos": "26.5.2",
            "chip": "M5 Max",
        },
    ],
    "met_in": ["probes on (tokens, 1, width) (judged)"],
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 15,
    "trigger": [
        {
            "op": ["linear"],
            "when": [
                "input.size.-3 > 65536",
                "input.ndim == 3",
                "input.layout == contiguous",
                "weight.layout == contiguous",
                "bias.ndim >= 1",
            ],
        }
    ],
    "effect": "wraps(input.size.0, 65536)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(65600, 2, 8, generator=generator)
    return x, torch.randn(16, 8, generator=generator), torch.randn(16, generator=generator)


def compute(device, x, weight, bias):
    return F.linear(x.to(device), weight.to(device), bias.to(device))


def workaround(device, x, weight, bias):
    return F.linear(x.to(device).flatten(0, 1), weight.to(device), bias.to(device)).view(65600, 2, 16)


def control(device, x, weight, bias):
    return F.linear(x.to(device), weight.to(device))  # no bias


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
