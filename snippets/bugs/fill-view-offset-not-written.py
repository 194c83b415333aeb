"""`x[2:].fill_(1)` leaves the slice as it was.

Where a view could be described as a slice of an array, such a slice was made and filled. It seems not to be
writable, or to have a storage of its own, says the fix; so the tensor keeps its values. Nothing is raised.

You hit it when you fill part of a mask in place. `x[2:].copy_(…)` of another tensor uses other code and is right.

The fault is described in the text of the fix alone, which names no version (pytorch#95113): the thread that it closes, on a
development build of 2.0, shows an error and no wrong number. 2.0 has the fix (pytorch#95323).
"""

BUG = {
    "issue": "pytorch/pytorch#95113",
    "also": ["pytorch/pytorch#94390", "pytorch/pytorch#95323"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.fill_"],
    "affected": "<2.0",
    "basis": {"seen": "unknown", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#95113",
    "reported": [{"thread": "pytorch/pytorch#95113", "date": "2023-02-18"}],
    "met_in": ["filling part of a mask in place (judged)"],
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["fill"], "form": "inplace", "when": ["self.offset > 0", "self.layout == contiguous"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    return (torch.zeros(4, 4),)


def compute(device, x):
    x = x.to(device, copy=True)
    x[2:].fill_(1.0)
    return x


def workaround(device, x):
    x = x.to(device, copy=True)
    x[2:].copy_(torch.ones_like(x)[:2])
    return x


def control(device, x):
    x = x.to(device, copy=True)
    x.fill_(1.0)
    return x


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
