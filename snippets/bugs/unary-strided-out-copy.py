"""`torch.sqrt` between two views with the same gaps leaves most of the result unwritten.

Where input and `out=` have the same strides the kernel goes through both memories from front to back. That is right
for tensors without gaps. Of `x[::2, ::2]`, whose memory is four times as long, only the first quarter is reached: in
the report the first row of four holds square roots, and the other rows hold what was there before. Nothing is raised.

You hit it only with `out=` or an in-place call on such a view, `x[::2, ::2].sqrt_()` (the latter inferred). Compute
without `out=` and copy.

The fault came with one change of early March 2025 and went with another within days; the release notes of 2.7.0 have
both, so no release has it. The report shows `sqrt`; other unary ops shared the code.
"""

BUG = {
    "issue": "pytorch/pytorch#148512",
    "also": ["pytorch/pytorch#148350"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.sqrt"],
    "introduced": {"version": "2.7.0.dev0", "basis": "release notes"},
    "affected": "<2.7",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#148512",
    "reported": [
        {
            "thread": "pytorch/pytorch#148512",
            "date": "2025-03-05",
            "figures": {"mps_row1": [80, 82, 84, 86], "right_row1": [4.0, 4.2426, 4.4721, 4.6904]},
        }
    ],
    "met_in": ["results written into every second row and column with out= (judged)"],
    "caused_by": "torch",
    "in_a_release": False,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["sqrt"],
            "form": "out",
            "when": ["self.layout == sliced", "result.layout == sliced", "self.strides == result.strides"],
        }
    ],
    "effect": "unwritten(result, after 4)",
}

import torch


def inputs():
    return (torch.arange(128.0),)


def compute(device, numbers):
    source, destination = numbers.to(device).clone().view(2, 8, 8).unbind(0)
    return torch.sqrt(source[::2, ::2], out=destination[::2, ::2])


def workaround(device, numbers):
    source, destination = numbers.to(device).clone().view(2, 8, 8).unbind(0)
    return destination[::2, ::2].copy_(torch.sqrt(source[::2, ::2]))


def control(device, numbers):
    source, destination = numbers.to(device).clone().view(2, 8, 8).unbind(0)
    return torch.sqrt(source, out=destination)  # no gaps


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
