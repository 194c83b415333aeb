"""`torch.mm` of two square matrices multiplies by the transpose of the second.

`a @ b` of square matrices came out as `a @ b.T`, and `a @ b.T` as `a @ b`. Nothing is raised. The likely cause is the
one that `addmm` kept until 2.3 (pytorch#116331): from the sizes alone the kernel guessed whether an operand had
been transposed, and those of a square matrix always fit. That is inferred; the threads show 2-by-2 and 3-by-3 matrices.

Anyone who multiplied square matrices hit it. Multiply and sum: `(a.unsqueeze(2) * b).sum(1)`. Seen with 1.12.0 on an
M1 and with 1.12.1 on macOS 12.6. No thread names the fix. There is no report after 1.12.1; whether 1.13 is right is
not known.
"""

BUG = {
    "issue": "pytorch/pytorch#84736",
    "also": ["pytorch/pytorch#85406", "pytorch/pytorch#86937"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.matmul", "torch.mm"],
    "affected": ">=1.12.0,<=1.12.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#84736", "date": "2022-09-09", "chip": "M1"},
        {"thread": "pytorch/pytorch#85406", "date": "2022-09-21", "torch": "1.12.0", "chip": "M1"},
        {
            "thread": "pytorch/pytorch#86937",
            "date": "2022-10-13",
            "torch": "1.12.1",
            "macos": "12.6",
            "figures": {"A": [[1, 2], [3, 4]], "mps_A_times_A": [[5, 11], [11, 25]]},
        },
    ],
    "met_in": ["products of square matrices (judged)"],
    "caveat": "The checks need PyTorch 2.0, and no thread calls a version from there on affected.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["mm"], "when": ["self has square", "mat2 has square"]}],
    "effect": "transposes(mat2)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 3, 3, generator=generator)
    return a, b


def compute(device, a, b):
    return torch.mm(a.to(device), b.to(device))


def workaround(device, a, b):
    return (a.to(device).unsqueeze(2) * b.to(device)).sum(1)


def control(device, a, b):
    return torch.mm(a.to(device)[:2], b.to(device))  # not square


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
