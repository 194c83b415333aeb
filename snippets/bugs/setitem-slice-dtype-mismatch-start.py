"""`t[2:4] = b` writes to the start of `t` if `b` has another dtype.

A copy on the GPU that also converts wrote its result to the start of the storage and not to the place of the slice.
Of five zeros, `t[2:4] = ones` with whole numbers gave `[1, 1, 0, 0, 0]`. Nothing is raised.

You hit it when you write token ids or a mask of whole numbers into part of a float tensor. Convert first, then
assign. A destination that is not contiguous, such as a column, is written by other code (inferred from the code of
early 2023).

Seen on PyTorch 1.13.1 and, with whole numbers of two sizes, on 2.0.1 (pytorch#101936). The fix, pytorch#95573, was
merged after the branch of 2.0 was cut, and a pick for 2.0.1 was closed; so 2.1 is the first release with it.
"""

BUG = {
    "issue": "pytorch/pytorch#95417",
    "also": ["pytorch/pytorch#101936"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.__setitem__"],
    "affected": ">=1.13.1,<2.1",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#95573",
    "reported": [
        {
            "thread": "pytorch/pytorch#95417",
            "date": "2023-02-23",
            "torch": "1.13.1",
            "macos": "12.6.3",
            "chip": "M1 Pro",
            "figures": {"cpu": [0, 0, 1, 1, 0], "mps": [1, 1, 0, 0, 0]},
        },
        {"thread": "pytorch/pytorch#101936", "date": "2023-05-20", "torch": "2.0.1", "macos": "13.4", "chip": "M1 Max"},
    ],
    "met_in": ["writing token ids or masks of whole numbers into part of a float tensor (judged)"],
    "caveat": "#95573 was merged on 28 February 2023, after the branch of 2.0 was cut; a pick for 2.0.1 (#98770) was closed.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "form": "inplace",
            "when": [
                "self.device == accel",
                "src.device == accel",
                "self.offset > 0",
                "self.layout == contiguous",
                "self.dtype != src.dtype",
            ],
        }
    ],
    "effect": "ignores-offset(self)",
}

import torch


def inputs():
    return torch.zeros(5), torch.tensor([1, 1])


def compute(device, t, b):
    t = t.to(device, copy=True)
    t[2:4] = b.to(device)  # whole numbers into floats
    return t


def workaround(device, t, b):
    t = t.to(device, copy=True)
    t[2:4] = b.to(device).to(t.dtype)
    return t


def control(device, t, b):
    t = t.to(device, copy=True)
    t[:2] = b.to(device)
    return t


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
