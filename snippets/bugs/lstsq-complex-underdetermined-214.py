"""`torch.linalg.lstsq` is wrong for complex underdetermined systems.

For a batch of systems with fewer equations than unknowns it solves with the complex conjugate of the matrices. The
residual is 1.8 where the CPU has 9.1e-07. Nothing is raised.

On Apple GPUs `lstsq` is a singular value decomposition and two products. The matrices arrive column by column in
memory. For that the conjugated transpose needs no copy, so that the conjugation stays a mark on a view, and the kernel
reads the plain memory. `torch.linalg.svd` of such matrices is wrong in the same way. Below 8,192 numbers in the whole
batch the decomposition is computed on the CPU, and is right; real numbers are right at any size.

You hit it in signal processing and physics. Solve on the CPU, or in batches of fewer numbers.

It was seen on 2.14.0. The fix, pytorch#196140, was sent in September 2026, after 2.14 was cut; in which release it is
has not been found out. On one Mac the kernel could not be compiled at all, which raises an error instead.
"""

BUG = {
    "issue": "pytorch/pytorch#196113",
    "also": ["pytorch/pytorch#185954"],
    "kind": "wrong",
    "family": "linalg",
    "ops": ["torch.linalg.lstsq", "torch.linalg.svd"],
    "affected": "==2.14.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#196140",
    "reported": [
        {
            "thread": "pytorch/pytorch#196113",
            "date": "2026-09-05",
            "torch": "2.14.0",
            "figures": {"cpu_residual": 9.1e-07, "mps_residual": 1.8, "relative_solution_difference": 1.42},
        }
    ],
    "met_in": ["least squares in signal processing, with complex numbers (judged)"],
    "caveat": "Only lstsq is checked. On one Mac (macOS 26.6.2) its kernel could not be compiled, which raises an error.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["linalg_lstsq"],
            "when": ["self.dtype == complex64", "self.size.-2 < self.size.-1", "self.numel >= 8192"],
        }
    ],
    "effect": "conjugates(self)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(8, 32, 48, 2, generator=generator)  # the last: real and imaginary part
    return matrices, torch.randn(8, 32, 3, 2, generator=generator)


def solved(matrices, right):
    return torch.view_as_real(torch.linalg.lstsq(torch.view_as_complex(matrices), torch.view_as_complex(right))[0])


def compute(device, matrices, right):
    return solved(matrices.to(device), right.to(device))


def workaround(device, matrices, right):
    halves = zip(matrices.to(device).chunk(2), right.to(device).chunk(2))  # each below 8,192 numbers
    return torch.cat([solved(*half) for half in halves])


def control(device, matrices, right):
    return solved(matrices.to(device)[..., :32, :], right.to(device))  # as many equations as unknowns


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
