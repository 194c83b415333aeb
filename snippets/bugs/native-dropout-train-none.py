"""`torch.native_dropout` with `train=None` returns its input instead of dropping elements.

The argument `train` may be left open. The CPU and CUDA then drop elements, as in training. The code for the GPU took
an open `train` as false and returned the input as it was. With `p=1` this is plain to see: the CPU gives zeros, the
GPU the input.

You hit it only where you call `torch.native_dropout` yourself: `nn.Dropout` and `F.dropout` always say true or false.
Code that torch.compile, autograd or ONNX makes of such a call disagreed as well. Say `train=True` or `train=False`.

The report, of September 2026, names no version. The op came to the GPU with pytorch#162108, in 2.9. A fix is open
(pytorch#197854).
"""

BUG = {
    "issue": "pytorch/pytorch#197846",
    "also": ["pytorch/pytorch#162108"],
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.native_dropout"],
    "introduced": {"version": "2.9", "basis": "release notes"},
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#197854",
    "reported": [
        {
            "thread": "pytorch/pytorch#197846",
            "date": "2026-09-21",
            "figures": {"cpu_p0.5": [0.0, 2.0], "mps_p0.5": [1.0], "cpu_p1": [0.0], "mps_p1": [1.0]},
        }
    ],
    "met_in": ["a call of torch.native_dropout with train=None (judged)"],
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["native_dropout"], "when": ["train.given == false"]}],
    "effect": "sets(train, false)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    return (torch.ones(8),)


def compute(device, x):
    return torch.native_dropout(x.to(device), 1.0, None)[0]  # all is dropped, so nothing is left to chance


def workaround(device, x):
    return torch.native_dropout(x.to(device), 1.0, True)[0]


def control(device, x):
    return torch.native_dropout(x.to(device), 1.0, True)[0]


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
