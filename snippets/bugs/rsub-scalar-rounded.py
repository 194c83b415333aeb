"""`1.0 - x` gives whole numbers where `0.99 - x` is right.

A Python number without a fraction on the left of a minus makes the result a whole number: for `[0, 0.49, 0.8, 0.9,
0.95]` the report shows `[1, 1, 0, 0, 0]`. Its author guesses nothing about the cause; that the whole number picks
integers for the computation is inferred. The dtype of the result is still a float, and nothing is raised. The title
names additions too; an example is not known.

You hit it in every `1 - mask`, `1 - p` or `1 - cosine_similarity`. Write `torch.ones_like(x) - x`.

It was seen on 31 July 2022 in a build of 1.13; whether a release had it, and which change fixed it, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#82543",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.rsub", "torch.sub"],
    "affected": "==1.13.0a0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#82543",
            "date": "2022-07-31",
            "torch": "1.13.0a0",
            "macos": "12.4",
            "figures": {"cpu": [1.0, 0.51, 0.2, 0.1, 0.05], "mps": [1, 1, 0, 0, 0]},
        }
    ],
    "met_in": ["1 - mask, 1 - cosine similarity (judged)"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["rsub"],
            "when": [
                "self.device == accel",
                "self.dtype == float32",
                "other.tensor == false",
                "other.value multiple-of 1",
            ],
        }
    ],
    "effect": "rounds(result, int32)",
}


import torch


def inputs():
    return (torch.tensor([0.0, 0.49, 0.8, 0.9, 0.95]),)


def compute(device, x):
    return 1.0 - x.to(device)


def workaround(device, x):
    x = x.to(device)
    return torch.ones_like(x) - x


def control(device, x):
    return 0.99 - x.to(device)


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
