"""`torch.nextafter` of bfloat16 numbers returns its input.

The step to the next number was made in float32 and lost when the result was rounded to bfloat16: `nextafter(1, 2)` is
1 instead of 1.0078125. In a sweep over pairs of special numbers 180 of 225 were wrong. float32 and float16 are right
there. Nothing is raised.

You can hit it where a bound is moved by the least possible step, so that a comparison leaves out the bound. Compute
it on the CPU.

It was seen on PyTorch 2.13.0 and in a build of 2.14, on an M1 Pro; 2.14 has the fix. Steps from zero were
still wrong after it (pytorch#190740).
"""

BUG = {
    "issue": "pytorch/pytorch#190476",
    "also": ["pytorch/pytorch#124985", "pytorch/pytorch#190740"],
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.nextafter"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#190481",
    "reported": [
        {
            "thread": "pytorch/pytorch#190476",
            "date": "2026-07-19",
            "torch": "2.13.0",
            "chip": "M1 Pro",
            "figures": {"cpu": 1.0078125, "mps": 1.0, "mismatches": "180 of 225 pairs"},
        }
    ],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["nextafter"], "when": ["self.device == accel", "self.dtype == bfloat16"]}],
    "effect": "sets(result, 1)",
    "dtypes": ["bfloat16"],
}


import torch


def inputs():
    return torch.ones(4), torch.full((4,), 2.0)


def compute(device, x, y):
    return torch.nextafter(x.to(device), y.to(device)) != x.to(device)  # each moved


def workaround(device, x, y):
    return torch.nextafter(x, y).to(device) != x.to(device)  # on the CPU


def control(device, x, y):
    x = x.to(device).float()
    return torch.nextafter(x, y.to(device).float()) != x


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU; inputs in the dtype of the turn
        tensors = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in inputs()]
        outputs = function(*where, *map(precision, tensors))
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
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
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
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
