"""`x.expand(10).to("mps")` of a CPU tensor reads memory that is not its own.

An expanded tensor repeats one element without storing it more than once. The copy took as many bytes as the view
has elements, though the storage holds fewer: the first element is right and the others are whatever lies behind it
in memory. Nothing is raised.

You hit it when a mask or position ids are expanded to the batch on the CPU and then moved. `.contiguous()` before
the move, or the move before `expand`, is right.

Reported on a build of 1.13 from its early days (1.13.0a0), macOS 12.4. The fix, pytorch#78690, was merged before
1.13.
"""

BUG = {
    "issue": "pytorch/pytorch#78642",
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.expand", "torch.Tensor.to"],
    "affected": ">=1.13.0a0,<1.13",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#78690",
    "reported": [
        {
            "thread": "pytorch/pytorch#78642",
            "date": "2022-06-01",
            "torch": "1.13.0a0",
            "macos": "12.4",
            "figures": {
                "cpu": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
                "mps_first_5": [1, 0, 5764607523034234880, 2305843009539677330, 1900544002],
            },
        }
    ],
    "met_in": ["masks and position ids that are expanded on the CPU and then moved (judged)"],
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["copy"], "when": ["src.device == cpu", "self.device == accel", "src.layout == expanded"]}],
    "effect": "unwritten(result, after 1)",
}

import torch


def inputs():
    return (torch.tensor([3.0]),)


def compute(device, x):
    return x.expand(10).to(device)  # the move of the view is the call under test


def workaround(device, x):
    return x.expand(10).contiguous().to(device)


def control(device, x):
    return x.to(device).expand(10)


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
