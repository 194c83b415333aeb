"""The backward of `torch.linalg.solve` gives wrong gradients for both arguments.

In the thread the gradient of the matrix is off by 14.83 and that of the right side by 1.45, for each of ten seeds;
with a matrix that is nearly singular by 13,820. The solution itself is right, and the inputs are contiguous. Nothing
is raised.

You hit it in ridge regression, whitening and concept erasure that learn through a `solve`. Multiply by
`torch.linalg.inv`, or solve on the CPU; the thread found `PYTORCH_ENABLE_MPS_FALLBACK=1` right as well.

It was seen on 2.10.0 and on a nightly of 2.12 in February 2026. The issue is closed, and no fix is stated. The
backward pass solves with the decomposition that the forward pass left behind. In a model of another project it ended
with an index out of range that was other garbage in each run (Concode0/clifra#10), which speaks for row orders that
nobody wrote (inferred). `torch.linalg.lu_solve` in a backward pass cannot be distinguished from this one.
"""

BUG = {
    "issue": "pytorch/pytorch#175192",
    "also": ["pytorch/pytorch#175332", "Concode0/clifra#10"],
    "kind": "wrong",
    "family": "linalg",
    "ops": ["torch.linalg.solve"],
    "affected": ">=2.10.0,<=2.12.0.dev20260217",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#175192",
            "date": "2026-02-17",
            "torch": "2.10.0",
            "figures": {"A_grad_diff": 14.83, "B_grad_diff": 1.45},
        },
        {"thread": "pytorch/pytorch#175192", "date": "2026-02-17", "torch": "2.12.0.dev20260217"},
    ],
    "met_in": ["ridge probes, whitening and concept erasure by gradient (judged)"],
    "caveat": "The issue is closed and labelled as mislabelled; no fix is stated.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["linalg_lu_solve"], "phase": "backward"}],
    "effect": "noise(result, 1)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(3, 4, 4, generator=generator) + 3 * torch.eye(4)
    return matrices, torch.randn(3, 4, 2, generator=generator)


def compute(device, a, b):
    a, b = a.to(device).requires_grad_(), b.to(device).requires_grad_()
    return torch.autograd.grad(torch.linalg.solve(a, b).sum(), (a, b))


def workaround(device, a, b):
    a, b = a.to(device).requires_grad_(), b.to(device).requires_grad_()
    return torch.autograd.grad((torch.linalg.inv(a) @ b).sum(), (a, b))


@torch.no_grad()
def control(device, a, b):
    return torch.linalg.solve(a.to(device), b.to(device))  # the solution itself


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
