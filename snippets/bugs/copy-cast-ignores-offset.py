"""`x[i:].to(dtype)` on the GPU converts the start of `x` instead of the slice.

The conversion was handed the start of the storage and not the place of the slice in it, so it took the first
elements: `[0, 1]` where `[2, 3]` was asked for. Only a change of dtype on the GPU itself is hit. Nothing is raised.

You hit it where whole numbers, such as position ids or a mask, are sliced and then converted. Generating with GPT-2
and its cache failed because of it (kulinseth/pytorch#343). `.clone()` of the slice before the conversion is right.

Reported on PyTorch 1.13.1; 2.0 has the fix (pytorch#95093, picked by pytorch#95321). Slices with gaps are gathered
into plain memory first (inferred from the code of early 2023).
"""

BUG = {
    "issue": "pytorch/pytorch#94980",
    "also": ["kulinseth/pytorch#343"],
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.copy_", "torch.Tensor.float", "torch.Tensor.to", "torch.nonzero"],
    "affected": ">=1.13.1,<2.0",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#95093",
    "reported": [
        {
            "thread": "pytorch/pytorch#94980",
            "date": "2023-02-16",
            "torch": "1.13.1",
            "macos": "13.1",
            "figures": {"cpu": [2, 3], "mps": [0, 1]},
        }
    ],
    "met_in": ["generating with GPT-2 and its cache (kulinseth/pytorch#343)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "when": [
                "self.device == accel",
                "src.device == accel",
                "src.offset > 0",
                "src.layout == contiguous",
                "self.dtype != src.dtype",
            ],
        }
    ],
    "effect": "ignores-offset(src)",
}

import torch


def inputs():
    return (torch.arange(10),)


def compute(device, positions):
    return positions.to(device)[5:].to(torch.int32)


def workaround(device, positions):
    return positions.to(device)[5:].clone().to(torch.int32)


def control(device, positions):
    return positions.to(device)[:5].to(torch.int32)


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
