"""`cpu.copy_(mps)` with a change of dtype overwrites the tensor on the GPU.

The conversion runs on the GPU, and where the new type is not wider than the old one, its result was put into the
memory of the source before it went to the CPU. The copy is right; it is the source that holds other numbers
afterwards. Nothing is raised.

You hit it when you save float32 activations into a float16 buffer on the CPU, a part at a time: the activation that
you go on computing with is spoiled. Convert first, then copy: `buffer.copy_(x.half().cpu())`.

It happens where the destination does not begin on a page of memory. A slice of a CPU tensor makes that certain; a
fresh tensor may be hit or not.

Reported in July 2026 on a nightly build; fixed in 2.14 (pytorch#189572). When it began is not known; the code of
2023 reads the same way.
"""

BUG = {
    "issue": "pytorch/pytorch#189563",
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.copy_"],
    "affected": "<2.14",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#189572",
    "reported": [
        {
            "thread": "pytorch/pytorch#189563",
            "date": "2026-07-10",
            "figures": {
                "source_before": [0.25, 1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25],
                "source_after_first_7": [0.031299591064453125, 64.1259765625, 3076.265625, 49222.25, 4.25, 5.25, 6.25],
            },
        }
    ],
    "met_in": ["saving float32 activations into part of a float16 buffer on the CPU (judged)"],
    "caveat": "The snippet copies int16 out of int32, in place of float16 out of float32.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 22,
    "trigger": [
        {
            "op": ["copy"],
            "form": "inplace",
            "when": [
                "self.device == cpu",
                "src.device == accel",
                "self.offset > 0",
                "self.dtype != src.dtype",
                "self.itemsize <= src.itemsize",
            ],
        }
    ],
    "absent": {"effect": "no word of the vocabulary overwrites a source that the call only reads"},
}

import torch


def inputs():
    return (torch.arange(8, dtype=torch.int32),)


def compute(device, x):
    source = x.to(device, copy=True)
    buffer = torch.zeros(10, dtype=torch.int16)  # on the CPU
    buffer[2:].copy_(source)
    return source


def workaround(device, x):
    source = x.to(device, copy=True)
    buffer = torch.zeros(10, dtype=torch.int16)
    buffer[2:].copy_(source.to(torch.int16).cpu())
    return source


def control(device, x):
    source = x.to(device, copy=True)
    buffer = torch.zeros(10, dtype=torch.int32)
    buffer[2:].copy_(source)  # no change of dtype
    return source


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
