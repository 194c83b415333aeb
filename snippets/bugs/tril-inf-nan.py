"""`torch.tril` with a negative diagonal turns masked infinities into NaN.

Called with a diagonal below 0, `tril` got the kept part by subtracting the rest from the input. Where the input is
infinite and the result should be 0, infinity minus infinity gives NaN. With a diagonal of 0 or more it selects, and
is right.

You hit it when you build an additive mask of minus infinity for keys that lie behind. `torch.triu` with a diagonal
above 0 had the same fault until 2.5, and causal masks hit that. Transpose, take `triu`, and transpose again, or
select with `torch.where`.

It was seen on 2.6.0. The macOS wheel of 2.7.0 is the first whose `tril` selects (pytorch#149866). The oldest source
reads like the faulty one (inferred); older releases were not seen affected in a thread.
"""

BUG = {
    "issue": "pytorch/pytorch#149813",
    "kind": "nan",
    "family": "mask",
    "affected": ">=2.6.0,<2.7",
    "basis": {"seen": "thread", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#149866",
    "reported": [
        {
            "thread": "pytorch/pytorch#149813",
            "date": "2025-03-22",
            "torch": "2.6.0",
            "chip": "M2",
            "figures": {
                "mps": [["nan", "nan", "nan"], ["inf", "nan", "nan"], ["inf", "inf", "nan"]],
                "cpu": [[0, 0, 0], ["inf", 0, 0], ["inf", "inf", 0]],
            },
        }
    ],
    "met_in": ["additive masks built with tril (judged)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["tril"], "when": ["self has inf", "diagonal.value < 0"]}],
    "effect": "makes-nan(result)",
}

import torch


def inputs():
    return (torch.full((3, 3), float("inf")),)  # nothing to draw


def compute(device, infinite):
    return torch.tril(infinite.to(device), diagonal=-1)


def workaround(device, infinite):
    infinite = infinite.to(device)
    place = torch.arange(3, device=device)
    return torch.where(place[None, :] < place[:, None], infinite, torch.zeros_like(infinite))  # selects


def control(device, infinite):
    return torch.tril(infinite.to(device), diagonal=0)


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
