"""`Tensor.permute` of a uint8 tensor reads as zeros.

A permuted tensor is a view: its numbers are gathered when it is printed, copied or computed with. For uint8 all of
them come back as zero; float32, int32 and int64 are right. A month later the same was found for `expand`, and blamed
on the library of macOS that gathers (expand-uint8-zero); that both are one fault is inferred. Nothing is raised.

You hit it with pictures as they are loaded, in bytes, when (height, width, channel) is permuted to (channel, height,
width) on the GPU. Convert to float first.

It came with the nightly of 23 June 2022: that of the day before is right. Seen until 25 June, on macOS 12.4; which
build ended it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#80285",
    "also": ["pytorch/pytorch#82305", "pytorch/pytorch#82315"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.Tensor.permute"],
    "affected": ">=1.13.0.dev20220623,<=1.13.0.dev20220625",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#80285",
            "date": "2022-06-25",
            "torch": "1.13.0.dev20220625",
            "macos": "12.4",
            "figures": {"cpu_row0": [0, 3, 6, 9], "mps": "all 0"},
        },
        {"thread": "pytorch/pytorch#80285", "date": "2022-06-25", "torch": "1.13.0.dev20220623"},
    ],
    "met_in": ["pictures in bytes, permuted on the GPU (judged)"],
    "caveat": "#82315, merged in July 2022, names #82305 and not this thread.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["permute"], "when": ["self.dtype == uint8", "result.layout == permuted"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (torch.tensor([[1, 2, 3], [4, 5, 6]], dtype=torch.uint8),)


def compute(device, picture):
    return picture.to(device).permute(1, 0)


def workaround(device, picture):
    return picture.to(device).int().permute(1, 0).to(torch.uint8)


def control(device, picture):
    return picture.to(device).int().permute(1, 0)


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
