"""`torch.linalg.solve` solves only the first system of a batch if they share one right-hand side.

`torch.linalg.solve(A, b)` with many matrices and one `b` is meant to use that `b` for each of them; PyTorch's own
documentation shows it. On Apple GPUs only the first solution is right, and the others come back as zeros. The source
of the GPU code says why: it steps through the memory of `b` as if there were one for each matrix, so from the second
matrix on it reads what lies behind `b`. Nothing is raised.

You hit it when you solve for many heads, layers or ridge strengths at once with one target. Make a `b` for each
matrix, `b.expand(…).contiguous()`. What the opposite gives, one matrix and a batch of `b`, is not known.

PyTorch has had the call on Apple GPUs since 2.7.0. The report of July 2026 names no version, but links the
documentation of 2.12. PyTorch 2.14.0 solves with other GPU code; one state of the source repeats `b` for each matrix,
so this is likely the fix (inferred). No pull request is named.
"""

BUG = {
    "issue": "pytorch/pytorch#189134",
    "also": ["pytorch/pytorch#146531", "pytorch/pytorch#175332", "pytorch/pytorch#189200"],
    "kind": "wrong",
    "family": "linalg",
    "ops": ["torch.linalg.solve"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#189134", "date": "2026-07-07"}],
    "met_in": [
        "one target for many heads, layers or ridge strengths (judged)",
        "batched least squares probes (judged)",
    ],
    "caveat": "2.14.0 solves with other code (#189200), which may be the fix; the report does not say so.",
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


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU
        outputs = function(*where, *[precision(t.float() if t.is_floating_point() else t) for t in inputs()])
        return [t.detach().cpu() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]

    def error_ratio(got, cpu, exact):  # the device's error over the CPU's; infinite where no rounding explains it
        right = torch.stack([(got == t) | (got.isnan() & t.isnan()) for t in (cpu, exact.to(cpu.dtype))]).any(0)
        kind, got, cpu, exact = got.dtype, wide(got), wide(cpu), wide(exact)
        exact = torch.where(exact.isfinite(), exact, cpu)
        rounds = kind.is_floating_point or kind.is_complex
        here, there = (t.isfinite() & exact.isfinite() & rounds for t in (cpu, got))
        if not (right | there).all() or not there.any():
            return 0.0 if right.all() else float("inf")
        sizes = (torch.where(ok, t.abs(), 0.0) for t, ok in ((got - exact, there), (cpu - exact, here), (exact, here)))
        error, own, size = (torch.stack([t.square().mean().sqrt(), t.max()]) for t in sizes)  # RMS and largest
        rounding = torch.maximum(own, torch.finfo(kind).eps * size).clamp(min=2**-126) if own.any() else own
        return (error / rounding).nan_to_num(0.0, float("inf")).max().item()  # where the CPU is exact, all must be

    found = {}
    for function in (compute, control, workaround):
        cpu, exact = run(function, "cpu"), run(control if function is control else compute, "cpu", precision=wide)
        try:
            got = run(function, device)
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
            ratios = [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]
            found[function] = "WRONG" if max(ratios) > 10 else "agrees"
            said = f"error ratio {', '.join(f'{ratio:.3g}' for ratio in ratios)}, 10 allowed"  # one for each output
        print(f"  {function.__name__:10} {said}: {found[function]}")
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
