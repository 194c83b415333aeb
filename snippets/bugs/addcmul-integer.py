"""`torch.addcmul` of integer tensors gives wrong numbers.

PyTorch's tests expected `addcmul` to fail for every integer dtype on Apple GPUs, with results that are not close to
those of the CPU. The pull request that moves it to a kernel of PyTorch's own removes these exceptions, since that
computes integers exactly. Nothing is raised.

You can hit it where `a + value * b * c` is written as one call with whole numbers; optimizers call it with floats.
Written out, it is right.

Which numbers are wrong, and how, no thread says. Both pull requests, of July and September 2026, were open when last
seen; no version is named.
"""

BUG = {
    "issue": "pytorch/pytorch#189420",
    "also": ["pytorch/pytorch#196924"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.addcmul"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#189420",
    "reported": [{"thread": "pytorch/pytorch#189420", "date": "2026-07-09"}],
    "caveat": "#196924, a maintainer's move of the same operation to Metal, was open too when last seen.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["addcmul"], "when": ["self.dtype in int8,uint8,int16,int32,int64"]}],
    "effect": "noise(result, 0.5)",
    "absent": {"affected": "no thread names a version"},
}


import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a, b, c = torch.randint(-9, 10, (3, 64), generator=generator)
    return a, b, c


def compute(device, a, b, c):
    return torch.addcmul(a.to(device), b.to(device), c.to(device), value=2)


def workaround(device, a, b, c):
    return a.to(device) + 2 * b.to(device) * c.to(device)


def control(device, a, b, c):
    return torch.addcmul(a.to(device).float(), b.to(device).float(), c.to(device).float(), value=2)


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
