"""`.int()` of a float tensor reinterprets the bits: 42.8 becomes 1110127411.

The GPU code for copies did not convert between dtypes at all. It copied the bytes and gave them another name, on the
device and on the way to and from it. So an integer holds the bit pattern of the float. Converting back gives the old
number again, which hides the fault. Nothing is raised.

You hit it at the first `x.int()` or `x.to(torch.int64)` of a float tensor on the device. Convert on the CPU, before
the move.

It was seen in builds of May 2022, before PyTorch 1.12, and the pull request of the fix shows right numbers for what
was wrong before. Which build has it first is not known. The report says "from any to any other dtype".
"""

BUG = {
    "issue": "pytorch/pytorch#78091",
    "also": ["pytorch/pytorch#77849"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.Tensor.int", "torch.Tensor.to"],
    "affected": "==1.13.0a0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#78092",
    "reported": [
        {
            "thread": "pytorch/pytorch#78091",
            "date": "2022-05-23",
            "torch": "1.13.0a0",
            "macos": "12.4",
            "figures": {"input": 1.3, "mps_to_cpu_int": 1067869824, "after": 1},
        }
    ],
    "met_in": ["T5: the relative positions, computed as floats, become whole numbers"],
    "caveat": "The report names all dtypes; only floats that become integers are checked.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "when": [
                "src.device == accel",
                "src.dtype in float16,float32",
                "self.dtype in int8,uint8,int16,int32,int64",
            ],
        },
        {
            "op": ["copy"],
            "when": [
                "self.device == accel",
                "src.dtype in float16,float32",
                "self.dtype in int8,uint8,int16,int32,int64",
            ],
        },
    ],
    "effect": "reinterprets(src, int32)",
}


import torch


def inputs():
    return (torch.tensor([42.8, -10.3, 5.3]),)


def compute(device, x):
    return x.to(device).int()


def workaround(device, x):
    return x.int().to(device)  # converted on the CPU


def control(device, x):
    return x.to(device).trunc()  # a whole number that stays a float


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
