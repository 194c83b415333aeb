"""`torch.mm` with an expanded operand is wrong again on a beta of macOS 27.

Apple's matrix multiplication does not heed a stride of zero, as the rows of an expanded matrix have. macOS 26.4 ended
that (`matmul-stride0-grad`), and PyTorch copies such matrices only on older systems. A beta of macOS 27 has the fault
once more, so there neither of the two helps. Nothing is raised.

You hit it in attribution, `torch.autograd.grad(y.sum(), x)`, where the sum comes right behind a matrix product: the
gradient that a plain sum hands back is one number, expanded. `torch.autograd.grad(y, x, torch.ones_like(y))` is right.

A maintainer of PyTorch saw it in July 2026 and wrote it down without PyTorch, as a call of Apple's library: a column
of 64 rows with a row stride of zero, times a row of 16; macOS 26.4 and 26.5 are right there. Which PyTorch it was,
which rows are wrong, and whether later builds of macOS 27 are is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#180201",
    "also": ["pytorch/pytorch#180236"],
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.matmul", "torch.nn.functional.linear"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "macos": ">=27,<28",
    "macos_note": "a beta of July 2026; 26.4 and 26.5 are right; later builds of 27 were not seen",
    "reported": [{"thread": "pytorch/pytorch#180201", "date": "2026-07-15", "macos": "27"}],
    "met_in": ["attribution: torch.autograd.grad(y.sum(), x) right behind a matrix product (thread)"],
    "caveat": "One comment by a maintainer, with a reproduction that uses no PyTorch; the PyTorch version is not named. "
    "The software model of this bug makes all rows zero.",
    "caused_by": "macos",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {"op": ["mm"], "when": ["self.stride.0 == 0", "self.size.0 > 1"]},
        {"op": ["mm"], "when": ["self.stride.1 == 0", "self.size.1 > 1"]},
        {"op": ["mm"], "when": ["mat2.stride.0 == 0", "mat2.size.0 > 1"]},
        {"op": ["mm"], "when": ["mat2.stride.1 == 0", "mat2.size.1 > 1"]},
    ],
    "effect": "sets(result, 0)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(64, 16, generator=generator), torch.randn(16, 1, generator=generator)


def compute(device, x, weight):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(torch.mm(x, weight.to(device)).sum(), x)[0]  # a column of 64 ones, times a row of 16


def workaround(device, x, weight):
    x = x.to(device).requires_grad_()
    y = torch.mm(x, weight.to(device))
    return torch.autograd.grad(y, x, torch.ones_like(y))[0]


def control(device, x, weight):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad(torch.mm(x, weight.to(device)).square().sum(), x)[0]


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
