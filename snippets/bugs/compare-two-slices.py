"""`t[2:] <= t[:2]` compares the first elements with themselves.

The place of the slice in its tensor was ignored, so `t[2:]` was read as `t[:2]`: with 1, 2, 3 and 4 in `t` both
answers were true instead of false. Nothing is raised.

You hit it when you compare two parts of one tensor, such as the logits of two groups of tokens. `.clone()` of the
slice makes a tensor that begins its storage.

Reported on a development build of 1.12 in May 2022. In pytorch#78107, two elements that were moved to the GPU one by
one were each greater than the other. Only `<=` and `>` are shown; the other comparisons count as hit too, since the fix
is in the code for views and not in that of a comparison. It was merged ten days later (pytorch#78440). Whether 1.12.0
has it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#77750",
    "also": ["pytorch/pytorch#78107"],
    "kind": "wrong",
    "family": "offset",
    "ops": ["torch.Tensor.__getitem__", "torch.gt", "torch.le"],
    "affected": ">=1.12.0.dev20220518,<1.13",
    "unsure": ["1.12"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#78440",
    "reported": [
        {
            "thread": "pytorch/pytorch#77750",
            "date": "2022-05-18",
            "torch": "1.12.0.dev20220518",
            "macos": "12.3.1",
            "figures": {"cpu": [False, False], "mps": [True, True]},
        }
    ],
    "met_in": ["comparing two parts of one tensor (judged)"],
    "caveat": "Whether 1.12.0 has the fix is not known.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["le", "lt", "ge", "gt", "eq", "ne"], "when": ["self.offset > 0", "self.layout == contiguous"]}],
    "effect": "ignores-offset(self)",
}

import torch


def inputs():
    return (torch.tensor([1, 2, 3, 4]),)


def compute(device, t):
    t = t.to(device)
    return t[2:] <= t[:2]


def workaround(device, t):
    t = t.to(device)
    return t[2:].clone() <= t[:2]


def control(device, t):
    t = t.to(device)
    return t[:2] <= t[2:].clone()


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
