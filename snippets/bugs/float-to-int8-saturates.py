"""`x.to(torch.int8)` of a float tensor stops at 127 where the CPU wraps around.

128.0 becomes 127 on the GPU and -128 on the CPU and with CUDA. From int32 the same number becomes -128 on the GPU as
well. Metal converts floats to integers that way. Nothing is raised.

You hit it in home-made quantization to 8 bits that does not clamp first, and in code that packs bytes with the help of
wrapping numbers. If you clamp to the range of the integers before the conversion, all devices agree.

The report, of November 2025, names no version; it was open when last seen. C++ leaves such conversions undefined, and
a maintainer says about the same in uint8 that devices need not agree. So it is a difference between devices rather than
a defect. How the CPU of your Mac wraps is not promised either.
"""

BUG = {
    "issue": "pytorch/pytorch#169058",
    "also": ["pytorch/pytorch#180159", "pytorch/pytorch#160744", "pytorch/pytorch#189038"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.Tensor.to"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#169058",
            "date": "2025-11-25",
            "figures": {"cpu": -128, "mps": 127, "int32_source_mps": -128},
        }
    ],
    "met_in": ["home-made int8 quantization of activations or weights (judged)"],
    "caveat": "A maintainer calls conversions out of range undefined (#189038), so devices may differ.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "when": [
                "src.device == accel",
                "self.device == accel",
                "src.dtype in float16,bfloat16,float32",
                "self.dtype == int8",
                "src.max > 127",
            ],
        }
    ],
    "effect": "sets(result, 127)",
    "absent": {"affected": "no source names a version"},
}


import torch


def inputs():
    return (torch.tensor([128.0, 200.0]),)


def compute(device, x):
    return x.to(device).to(torch.int8)


def workaround(device, x):
    return x.to(device).to(torch.int32).to(torch.int8)  # wraps on each device


def control(device, x):
    return x.to(device).clamp(-128, 127).to(torch.int8)


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
