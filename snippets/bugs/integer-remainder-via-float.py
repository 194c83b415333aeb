"""`a % b` of integer tensors is wrong for numbers above about 16.8 million.

The division behind the remainder was done in float32, which holds every whole number only up to 2**24. `42309891 %
31` is 6; the GPU gave 8. The author found wrong results from 16,798,992 on. Nothing is raised.

You hit it in modular arithmetic, as in the data sets of grokking experiments, and when you map hashes of tokens to
buckets. Compute it on the CPU.

It was seen on PyTorch 2.7.0 with macOS 15.5. 2.8 has the fix, integer arithmetic in a kernel of PyTorch's own, which
covers `torch.fmod` too. A change of February 2023 made the remainder of integers a division of floats; that it has
been wrong since then is inferred.
"""

BUG = {
    "issue": "pytorch/pytorch#154171",
    "also": ["pytorch/pytorch#94757"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.fmod", "torch.remainder"],
    "affected": ">=2.7.0,<2.8",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#154280",
    "reported": [
        {
            "thread": "pytorch/pytorch#154171",
            "date": "2025-05-23",
            "torch": "2.7.0",
            "macos": "15.5",
            "chip": "M4",
            "figures": {"cpu": 6, "mps": 8, "dividend": 42309891, "divisor": 31, "onset": 16798992},
        }
    ],
    "met_in": ["modular arithmetic (grokking) data sets, hashing of token ids (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["remainder", "fmod"],
            "when": ["self.device == accel", "self.dtype in int32,int64", "self.max > 16777216"],
        },
        {
            "op": ["remainder", "fmod"],
            "when": ["self.device == accel", "self.dtype in int32,int64", "self.min < -16777216"],
        },
    ],
    "effect": "rounds(self, float32)",
}


import torch


def inputs():
    return (torch.tensor([42309891, 2**31 - 1, 2**24 + 3]),)


def compute(device, x):
    return x.to(device) % 31


def workaround(device, x):
    return (x % 31).to(device)  # on the CPU


def control(device, x):
    return (x.to(device) // 2**10) % 31


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
