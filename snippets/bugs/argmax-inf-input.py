"""`torch.argmax` of a row that is minus infinity throughout returns -1.

Where a whole row is masked out, Apple's graph gave NaN as the index, and NaN became -1 when it was made a whole number.
The CPU returns 0. An index of -1 is taken as the last entry by whatever is indexed with it. `argmin` of a row of plus
infinity is alike.

You hit it with a row of scores in which nothing may be chosen, as `torch.masked.argmax` makes them. Make minus infinity
finite first. Where some score of the row is finite the index is right (inferred: the fix makes negative indices 0 to
match the CPU, which would not match it in such a row).

It is known from a pull request of December 2022 in Apple's fork, without a version. That a fix reached PyTorch is
inferred: pytorch#104374 corrects the clamp of these indices in June 2023.
"""

BUG = {
    "issue": "kulinseth/pytorch#193",
    "also": ["pytorch/pytorch#104374"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.argmax", "torch.masked.argmax"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "kulinseth/pytorch#193",
    "reported": [{"thread": "kulinseth/pytorch#193", "date": "2022-12-08", "figures": {"mps_index": -1}}],
    "met_in": ["torch.masked.argmax of a row that is masked throughout"],
    "caveat": "Known from a pull request in Apple's fork; its way into PyTorch was not followed.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["argmax"], "when": ["self has masked-row"]}, {"op": ["argmin"], "when": ["self.min == inf"]}],
    "effect": "sets(result, -1)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    return (torch.full((2, 4), float("-inf")),)  # two queries, no key that they may see


def compute(device, scores):
    return scores.to(device).argmax(-1)


def workaround(device, scores):
    return scores.to(device).clamp(min=torch.finfo(scores.dtype).min).argmax(-1)


def control(device, scores):
    return torch.zeros_like(scores, device=device).argmax(-1)


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
