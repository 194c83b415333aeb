"""`torch.full` of uint8 with a value above 127 gives zeros.

`torch.full((2, 2), 247, dtype=torch.uint8)` was a tensor of zeros on the GPU; with 127 and below it was right. The
fault is in macOS. PyTorch works around it by filling another dtype and converting. Nothing is raised.

You hit it with masks and padding of images that are held as bytes. `torch.full(…, dtype=torch.int32).to(torch.uint8)`
is right.

It was seen on PyTorch 1.12.1; the workaround is in 1.13. A developer at Apple calls it fixed in macOS 13.2.1; the
example that he gives has the value 127, which was right before.
"""

BUG = {
    "issue": "pytorch/pytorch#83692",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.full"],
    "affected": ">=1.12.1,<1.13",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#83697",
    "macos": "<13.2.1",
    "macos_note": "a maintainer calls it fixed in 13.2.1",
    "reported": [
        {"thread": "pytorch/pytorch#83692", "date": "2022-08-18", "torch": "1.12.1", "figures": {"fill": 247, "mps": 0}}
    ],
    "met_in": ["masks and padding of images held as bytes (judged)"],
    "caveat": "The example that a developer gives for macOS 13.2.1 fills in 127, which was right before.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["full"], "when": ["dtype.value == uint8", "fill_value.value > 127"]}],
    "effect": "sets(result, 0)",
}


import torch


def inputs():
    return (torch.tensor([247]),)


def compute(device, value):
    return torch.full((2, 2), int(value), dtype=torch.uint8, device=device)


def workaround(device, value):
    return torch.full((2, 2), int(value), dtype=torch.int32, device=device).to(torch.uint8)


def control(device, value):
    return torch.full((2, 2), int(value) // 2, dtype=torch.uint8, device=device)


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
