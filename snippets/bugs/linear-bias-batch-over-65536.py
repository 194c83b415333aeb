"""`F.linear` with a bias is wrong for 3-D inputs with more than 65,536 matrices.

Apple's kernel that multiplies and adds the bias in one go keeps the number of the matrix in 16 bits. Matrix 65,536
lands on the place of matrix 0, the next one on that of matrix 1; their own places stay unwritten and show what the
memory held. Without a bias the result is right. Nothing is raised.

You hit it where tokens or positions are the batch, as in a probe on (tokens, 1, width). Flatten the input to two
dimensions, or add the bias yourself.

Seen with 2.12.0, 2.13.0 and a nightly of 2.14, on an M5 Max with macOS 26.5.2: 65,536 matrices are right, 65,537 are
not, and of 80,000 matrices 28,928 are wrong. The release notes of 2.14.0 have the fix; with more than three dimensions
it is the third from the last that counts (pytorch#189496). By the source the kernel is called on macOS 15 or
newer, for a contiguous input, weight and bias; half types on M5 are flattened before.
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
                "input.ndim >= 3",
                "input.layout == contiguous",
                "weight.layout == contiguous",
                "bias.ndim >= 1",
            ],
        }
    ],
    "effect": "wraps(input.size.-3, 65536)",
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
