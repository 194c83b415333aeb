"""`torch.sum` over a negative dimension of a 5-D tensor reduces the wrong one.

For tensors of five dimensions or more, a shortcut takes away all dimensions behind the fourth if they have size 1. A
negative number was then counted from the end of the shorter shape, and another dimension was summed: of ones with shape
(1, 2, 1, 1, 1), `sum(-3)` gave 2 and 0 where 1 and 1 are right. `sum(-5)` raised an error. The last dimension itself,
`sum(-1)`, is right. By the source `mean`, `prod`, `nansum`, `amax`, `amin` and `count_nonzero` go the same way.

You hit it where images or volumes shrink to single pixels, a batch of pooled 3-D feature maps for instance. Count
from the front.

It was seen in PyTorch 2.4.0; pytorch#99856 brought it. The fix is pytorch#136198. Whether 2.5.0 has it is not known: it
was to be picked for that release.
"""

BUG = {
    "issue": "pytorch/pytorch#132732",
    "also": ["pytorch/pytorch#136132", "pytorch/pytorch#99856"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.sum"],
    "affected": ">=2.4.0,<2.6",
    "unsure": ["2.5"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#136198",
    "reported": [
        {
            "thread": "pytorch/pytorch#132732",
            "date": "2024-08-06",
            "torch": "2.4.0",
            "macos": "14.6",
            "chip": "M1 Max",
            "figures": {"cpu": [1, 1], "mps": [2, 0]},
        }
    ],
    "met_in": ["feature maps that are pooled to single pixels (judged)"],
    "caveat": "Whether 2.5.0 has the fix is not known. The software model of this bug sums a wrong dimension too, but without the zero that fills the rest.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["sum", "mean", "prod", "nansum", "amax", "amin", "count_nonzero"],
            "when": ["dim.value.0 < -1", "self.ndim == 5", "self.size.4 == 1"],
        },
        {
            "op": ["sum", "mean", "prod", "nansum", "amax", "amin", "count_nonzero"],
            "when": ["dim.value.0 < -2", "self.ndim == 6", "self.size.4 == 1", "self.size.5 == 1"],
        },
    ],
    "effect": "sets(dim, 1)",
}

import torch


def inputs():
    return (torch.ones(1, 2, 1, 1, 1),)


def compute(device, x):
    return x.to(device).sum(-3)


def workaround(device, x):
    return x.to(device).sum(2)  # the same dimension, from the front


def control(device, x):
    return x.to(device)[..., 0].sum(-2)  # the same sum of a 4-D tensor


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
