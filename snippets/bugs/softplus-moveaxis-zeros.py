"""`F.softplus` of a `moveaxis` or transposed view gives zeros or mixed-up values.

The result of a permuted input is permuted too. The GPU writes it into a contiguous copy, which is never copied back
(read in the source of 2024, and inferred to be the cause), so that the caller sees what the memory held before: zeros
in the report, and about half of the time entries of another result. Nothing is raised.

You hit it where softplus follows a transpose: the scale of a predicted distribution, or a step size with channels
moved last. Mamba applies softplus first and transposes afterwards. Call `.contiguous()` on the input.

The report is of July 2024; its versions are not known. It says that `selu`, `prelu` and `threshold` behave alike. A
pull request of August 2026 says that macOS before 15 alone is concerned. In its place another one, of September 2026,
moved softplus to a Metal kernel; the macOS wheel of 2.14.1 still has the old code.
"""

BUG = {
    "issue": "pytorch/pytorch#131736",
    "also": ["pytorch/pytorch#193389"],
    "kind": "nondeterministic",
    "family": "strides",
    "ops": ["torch.nn.functional.softplus"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#197000",
    "macos": "<15",
    "macos_note": "#193389 says that only macOS before 15 needs the extra step",
    "reported": [
        {
            "thread": "pytorch/pytorch#131736",
            "date": "2024-07-25",
            "figures": {
                "cpu": [[0.3133, 0.7981], [0.4375, 1.0375], [0.5981, 1.3133]],
                "mps": "zeros, sometimes mixed-up entries",
            },
        }
    ],
    "met_in": ["the scale of a predicted distribution after a transpose (judged)"],
    "caveat": "Which release has #197000 is not known. The thread names selu, prelu and threshold too, without a condition; those are not checked.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["softplus"], "when": ["result.layout != contiguous"]}],
    "effect": "unwritten(result)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    return (torch.tensor([[-1.0, -0.6, -0.2], [0.2, 0.6, 1.0]]),)


def compute(device, x):
    return F.softplus(x.to(device).moveaxis(0, 1))


def workaround(device, x):
    return F.softplus(x.to(device).moveaxis(0, 1).contiguous())


def control(device, x):
    return F.softplus(x.to(device)).moveaxis(0, 1)  # moved afterwards


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
