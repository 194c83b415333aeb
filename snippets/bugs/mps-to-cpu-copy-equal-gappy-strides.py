"""`cpu[::2].copy_(mps[::2])` copies the wrong elements if both sides have the same gaps.

The copy compared only the strides of both sides, found them equal, and copied as many bytes as the views have
elements from front to back. So the first half of the destination is right, the rest is never written, and the
places between the elements of the view are overwritten with what lies between those of the source. Nothing is
raised.

A copy that converts as well was hit too, says the fix.

You hit it when you copy every second position or head of an activation into the same positions of a preallocated
CPU tensor. `.contiguous().cpu()` of the source, or a destination without gaps, is right.

Reported on PyTorch 2.13.0, fixed in 2.14 (pytorch#189966). When it began is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#189961",
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.__setitem__", "torch.Tensor.copy_"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#189966",
    "reported": [
        {
            "thread": "pytorch/pytorch#189961",
            "date": "2026-07-15",
            "torch": "2.13.0",
            "figures": {"cpu": [0, 2, 4, 6, 8, 10, 12, 14, 16, 18], "mps": [0, 2, 4, 6, 8, 0, 0, 0, 0, 0]},
        }
    ],
    "met_in": ["copying every second position or head of an activation into a preallocated CPU tensor (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 23,
    "trigger": [
        {
            "op": ["copy"],
            "form": "inplace",
            "when": [
                "self.device == cpu",
                "src.device == accel",
                "self.layout == sliced",
                "self.strides == src.strides",
            ],
        }
    ],
    "effect": "ignores-strides(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(20, generator=generator),)


def compute(device, x):
    cache = torch.zeros(20, dtype=x.dtype)  # on the CPU
    cache[::2].copy_(x.to(device)[::2])
    return cache


def workaround(device, x):
    cache = torch.zeros(20, dtype=x.dtype)
    cache[::2].copy_(x.to(device)[::2].contiguous().cpu())
    return cache


def control(device, x):
    cache = torch.zeros(20, dtype=x.dtype)
    cache[::2].copy_(x.to(device)[:10])  # a source without gaps
    return cache


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
