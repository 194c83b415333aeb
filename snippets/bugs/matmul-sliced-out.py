"""`torch.matmul` with a part of a larger tensor as `out=` writes nothing.

With `out=` some columns of a larger tensor, the product does not arrive there: the part stays as it was, and the call
returns it. On macOS 14 the same holds for `out=buffer[1]`, a part without gaps that does not begin its tensor
(pytorch#193385). Nothing is raised. The reporter also saw crashes afterwards, and suspects that the numbers are
written elsewhere.

You hit it where results are written into a cache or a preallocated buffer. Assign instead: `z[:, 4:8] = x @ y`.

Seen with 2.0.1 on macOS 13.4. macOS decides, and there are two fixes, both in 2.14.0: that for gaps names macOS 14 and
15, `mm` and `addmm` (pytorch#187255), that for parts without gaps macOS 14, `mm`, `addmm` and `bmm`.
"""

BUG = {
    "issue": "pytorch/pytorch#104832",
    "also": ["pytorch/pytorch#193385"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.addmm", "torch.bmm", "torch.matmul", "torch.mm"],
    "affected": ">=2.0.1,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#187255",
    "macos": ">=13,<16",
    "macos_note": "parts with gaps on macOS 14 and 15 (#187255), without gaps on macOS 14 (#193385); reported on 13.4",
    "reported": [
        {
            "thread": "pytorch/pytorch#104832",
            "date": "2023-07-09",
            "torch": "2.0.1",
            "macos": "13.4",
            "figures": {"mps": "slice stays zero"},
        }
    ],
    "met_in": ["matmul(…, out=) into columns of a preallocated buffer (judged)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["matmul", "mm", "addmm", "bmm"], "form": "out", "when": ["result.layout != contiguous"]},
        {"op": ["matmul", "mm", "addmm", "bmm"], "form": "out", "when": ["result.offset > 0"]},
    ],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 8, 8, generator=generator)
    return x, y, torch.zeros(8, 16)


def compute(device, x, y, z):
    z = z.to(device)
    torch.matmul(x.to(device), y.to(device), out=z[:, 4:12])
    return z


def workaround(device, x, y, z):
    z = z.to(device)
    z[:, 4:12] = torch.matmul(x.to(device), y.to(device))
    return z


def control(device, x, y, z):
    z = z.to(device)[:4].view(8, 8)  # a part without gaps, at the start
    return torch.matmul(x.to(device), y.to(device), out=z)


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
