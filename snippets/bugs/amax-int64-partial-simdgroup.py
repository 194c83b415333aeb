"""`torch.amax` and `torch.amin` of int64 can return 0 instead of the extreme value.

The GPU reduces in groups of 32 lanes and then reduces what the groups found. The second step also read lanes that do
not run, which count as 0 for 64-bit numbers. So the largest of negative numbers, or the smallest of positive ones,
came out as 0. More than 32 numbers are needed, so that there is a second group. From 993 on all 1,024 threads run,
and the result is right (inferred from what the fix says about 1,024).

You hit it with `amin` of lengths, counts or positive token ids, or `amax` of negative offsets. `max()` and `min()`,
which are other calls, are not named in the thread. Cast to int32.

Only PyTorch 2.13 has it: the code came with pytorch#180752, and 2.14.0 has the fix, pytorch#191104. Whether much
larger tensors, which are reduced in two steps, are hit is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#187976",
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.amax", "torch.amin"],
    "affected": ">=2.13,<2.14",
    "basis": {"seen": "wheel", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#191104",
    "reported": [{"thread": "pytorch/pytorch#187976", "date": "2026-06-29", "figures": {"cpu": -1, "mps": 0, "n": 33}}],
    "met_in": ["amin over lengths or token ids (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["amax"],
            "when": [
                "self.dtype == int64",
                "self.max < 0",
                "result.numel == 1",
                "self.numel > 32",
                "self.numel <= 992",
            ],
        },
        {
            "op": ["amin"],
            "when": [
                "self.dtype == int64",
                "self.min > 0",
                "result.numel == 1",
                "self.numel > 32",
                "self.numel <= 992",
            ],
        },
        {"op": ["amax"], "when": ["self.dtype == int64", "self.max < 0", "self.size.dim > 32", "self.size.dim <= 992"]},
        {"op": ["amin"], "when": ["self.dtype == int64", "self.min > 0", "self.size.dim > 32", "self.size.dim <= 992"]},
    ],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (-torch.arange(1, 101),)


def compute(device, x):
    return x.to(device).amax()


def workaround(device, x):
    return x.to(device).int().amax().long()


def control(device, x):
    return (x.to(device) + 101).amax()  # positive numbers: a 0 beside them changes nothing


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
