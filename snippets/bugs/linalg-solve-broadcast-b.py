"""`torch.linalg.solve` solves only the first system of a batch if they share one right-hand side.

`torch.linalg.solve(A, b)` with many matrices and one `b` is meant to use that `b` for each of them; PyTorch's own
documentation shows it. On Apple GPUs only the first solution is right, and the others come back as zeros. The source of
the GPU code says why: it steps through the memory of `b` as if there were one for each matrix, so from the second matrix
on it reads what lies behind `b`. Nothing is raised.

You meet it when you solve for many heads, layers or ridge strengths at once with one target. With a `b` for each matrix,
`b.expand(…).contiguous()`, the result is right. What the opposite gives, one matrix and a batch of `b`, was not shown.

PyTorch has had the call on Apple GPUs since 2.7.0. The report of July 2026 names no version, but links the documentation
of 2.12. PyTorch 2.14.0 solves with other GPU code; a stored state of the source repeats `b` for each matrix, so this is
likely the cure (inferred). No pull request is named.
"""

BUG = {
    "issue": "pytorch/pytorch#189134",
    "also": ["pytorch/pytorch#146531", "pytorch/pytorch#175332", "pytorch/pytorch#189200"],
    "kind": "wrong",
    "family": "linalg",
    "ops": ["torch.linalg.solve"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#189134", "date": "2026-07-07"}],
    "met_in": ["one target for many heads, layers or ridge strengths", "batched least squares probes"],
    "caveat": "2.14.0 solves with other code (#189200), which may be the cure; the report does not say so.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["linalg_solve"], "when": ["B.ndim == 1", "A.numel > B.numel * B.numel"]},
        {
            "op": ["linalg_solve"],
            "when": ["A.ndim == 3", "B.ndim == 2", "B.size.0 != A.size.0", "A.size.0 > 1"],
        },
        {
            "op": ["linalg_solve"],
            "when": ["A.ndim == 3", "B.ndim == 2", "B.size.1 != A.size.2", "A.size.0 > 1"],
        },
        {"op": ["linalg_solve"], "when": ["B.ndim == A.ndim", "A.numel * B.size.-1 > B.numel * A.size.-1"]},
    ],
    "effect": "unwritten(result, after 8)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    heads = torch.randn(4, 8, 8, generator=generator)
    target = torch.randn(8, generator=generator)
    return heads @ heads.mT + torch.eye(8), target  # well-conditioned: no rounding is magnified


def compute(device, gram, target):
    return torch.linalg.solve(gram.to(device), target.to(device))  # four systems, one right-hand side


def workaround(device, gram, target):
    return torch.linalg.solve(gram.to(device), target.to(device).expand(4, 8).contiguous())


def control(device, gram, target):
    return torch.linalg.solve(gram.to(device)[0], target.to(device))  # one system


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
