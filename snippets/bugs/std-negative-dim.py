"""`torch.std` over any negative dimension reduces the last one.

A dimension such as -2 was compared with the numbers 0, 1, 2 of the dimensions as it was, and so never found. The
result had the shape of a reduction over the last dimension: (2, 3) for `dim=-1`, `-2` and `-3` of a tensor (2, 3, 4).
Where the two dimensions have one size, even the shape looks right.

You hit it with the spread over positions or heads, `acts.std(dim=-2)`. Count from the front: `dim=1`. `torch.var` runs
the same code (inferred); the report shows `std` alone.

It was seen in a build of November 2022, before 2.0. The fix, pytorch#107754, was to be merged on 22 August 2023, days
before 2.1 was cut; whether 2.1 has it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#107116",
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.std"],
    "affected": ">=1.14.0.dev20221121,<2.2",
    "unsure": ["2.1"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#107754",
    "reported": [
        {
            "thread": "pytorch/pytorch#107116",
            "date": "2023-08-14",
            "torch": "1.14.0.dev20221121",
            "figures": {"mps_shapes_dim_-1,-2,-3": "(2,3) each", "cpu": "(2,3),(2,4),(3,4)"},
        }
    ],
    "met_in": ["the spread over positions, acts.std(dim=-2) (judged)"],
    "caveat": "The merge was asked for on 22 August 2023, six days before the branch of 2.1 was cut (#108055); "
    "whether 2.1.0 has it is not known.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["std", "var"], "when": ["dim.value.0 < -1"]}],
    "effect": "sets(dim, -1)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 4, 4, generator=generator),)


def compute(device, acts):
    return acts.to(device).std(dim=-2)


def workaround(device, acts):
    return acts.to(device).std(dim=1)


def control(device, acts):
    return acts.to(device).std(dim=-1)


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
