"""Copying an Apple GPU tensor into a float64 CPU tensor (`copy_`, `x.to("cpu", torch.float64)`) writes nothing.

The conversion runs on the GPU, whose kernel skips the store for a dtype that Metal does not have: float64, complex128
and a few rarer ones. `destination.copy_(x)` leaves the destination as it was; `x.to("cpu", torch.float64)` returns
fresh, unwritten memory, which often reads as zeros. Nothing is raised.

You hit it where metrics are taken in double precision on the CPU: losses, logit differences, activation statistics.
`x.cpu().double()` converts on the CPU and is right.

PyTorch 2.13.0 raised a `TypeError` for this call; 2.14.0 and a nightly of 2026-09-19 are wrong. The fix does not
convert, it raises again. The macOS wheel of 2.15.0 has it, that of 2.14.1 does not; both were read in their machine
code. The copy in 2.15.0 first looks up the Metal name of the destination's dtype, which fails for float64 and
complex128. Where the call raises, this snippet ends with that error: no bug there.
"""

BUG = {
    "issue": "pytorch/pytorch#197715",
    "kind": "wrong",
    "family": "copy",
    "introduced": {"version": "2.14", "basis": "thread"},
    "affected": ">=2.14,<2.15",
    "basis": {"seen": "thread", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#197722",
    "reported": [
        {
            "thread": "pytorch/pytorch#197715",
            "date": "2026-09-19",
            "torch": "2.14.0",
            "macos": "26.6.2",
            "chip": "M1 Pro",
            "figures": {"right": [0.3333, 0.6667, 1.0], "got": [0, 0, 0], "got_into_sevens": [7, 7, 7]},
        }
    ],
    "met_in": ['losses, logit differences and activation statistics taken with .to("cpu", torch.float64) (judged)'],
    "danger": 24,
    "trigger": [
        {"op": ["copy"], "when": ["self.device == cpu", "src.device == accel", "self.dtype in float64,complex128"]}
    ],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(64, generator=generator),)


def compute(device, x):
    # filled first: fresh memory could hold the right numbers by accident
    return torch.full(x.shape, 7.0, dtype=torch.float64).copy_(x.to(device))


def workaround(device, x):
    return x.to(device).cpu().double()


def control(device, x):
    return torch.full_like(x, 7.0).copy_(x.to(device))  # a destination of the same dtype


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
