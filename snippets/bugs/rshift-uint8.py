"""`x >> n` of a uint8 tensor shifts in ones from 128 on: `255 >> 4` stays 255.

The GPU code for bitwise operations took unsigned bytes as signed ones. That does no harm to `&`, `|` and `^`, but a
right shift of a signed byte repeats the sign bit, so each value of 128 and more keeps its upper bits. Values below
128 and other dtypes are right: the report says so of int32. Nothing is raised. Two tensors without dimensions are
shifted on the CPU.

You hit it when you unpack two 4-bit weights from a byte, as quantized models in the GGUF format do: `packed >> 4` is
the upper weight, and every weight of 8 and more comes out wrong. Convert to int32 before the shift.

It was seen on PyTorch 2.5.1 and in a build of 2.6, and fixed on 6 January 2025, which is in 2.7. The fix was asked
for on the branch of 2.6 as well; whether 2.6.0 has it is not known. That all values from 128 on are hit is from the
code of those days; the report shows 255 alone.
"""

BUG = {
    "issue": "pytorch/pytorch#144190",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.Tensor.__rshift__", "torch.bitwise_right_shift"],
    "affected": ">=2.5.1,<2.7",
    "unsure": ["2.6"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#144251",
    "reported": [
        {"thread": "pytorch/pytorch#144190", "date": "2025-01-04", "torch": "2.5.1"},
        {
            "thread": "pytorch/pytorch#144190",
            "date": "2025-01-04",
            "torch": "2.6.0.dev20241226",
            "macos": "15.2",
            "figures": {"cpu": 15, "mps": 255},
        },
    ],
    "met_in": ["dequantising 4-bit weights (GGUF)"],
    "caveat": "A pick onto release/2.6 was asked for on 14 January 2025; whether 2.6.0 has it is not known.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["bitwise_right_shift", "__rshift_", "__irshift_"],
            "when": ["self.dtype == uint8", "self.ndim > 0", "self.max > 127"],
        }
    ],
    "effect": "sets(other, 0)",
}


import torch


def inputs():
    return (torch.tensor([255, 240, 144, 128], dtype=torch.uint8),)  # two 4-bit weights each


def compute(device, packed):
    return packed.to(device) >> 4  # the upper weights


def workaround(device, packed):
    return (packed.to(device).to(torch.int32) >> 4).to(torch.uint8)


def control(device, packed):
    return packed.to(device).to(torch.int32) >> 4


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
