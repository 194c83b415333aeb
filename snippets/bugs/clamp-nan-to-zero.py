"""`torch.clamp` turns NaN into one of the bounds.

On the CPU NaN stays NaN. On the GPU `clamp(min=-100, max=100)` and `clamp(min=-100)` made it -100, and
`clamp(max=100)` made it 100: the operation of MPSGraph that was used does not pass NaN on. Nothing is raised.

You hit it where a clamp comes after the place in which NaN arises: a broken forward pass looks clean. A test of
diffusers for a broken LoRA weight got zeros instead of NaN. `torch.where(x.isnan(), x, x.clamp(0, 1))` keeps NaN.

It was seen on PyTorch 2.1.2 with macOS 14.3.1. The fix, of March 2024, is in 2.3.
"""

BUG = {
    "issue": "pytorch/pytorch#120899",
    "also": ["pytorch/pytorch#122710"],
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.clamp"],
    "affected": ">=2.1.2,<2.3",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#121381",
    "reported": [
        {
            "thread": "pytorch/pytorch#120899",
            "date": "2024-02-29",
            "figures": {"cpu": ["nan", 1, 2], "mps_min-100_max100": [-100, 1, 2], "mps_max100_only": [100, 1, 2]},
        },
        {
            "thread": "pytorch/pytorch#122710",
            "date": "2024-03-26",
            "torch": "2.1.2",
            "macos": "14.3.1",
            "chip": "M2 Max",
        },
    ],
    "met_in": ["diffusers: a NaN in a LoRA weight was hidden (huggingface/diffusers#7417, named in the thread)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["clamp", "clamp_min", "clamp_max"], "when": ["self.dtype in float16,bfloat16,float32", "self has nan"]}
    ],
    "effect": "sets(result, 0)",
}


import torch


def inputs():
    return (torch.tensor([float("nan"), float("nan")]),)


def compute(device, x):
    return x.to(device).clamp(0, 1)


def workaround(device, x):
    x = x.to(device)
    return torch.where(x.isnan(), x, x.nan_to_num().clamp(0, 1))


def control(device, x):
    return x.to(device).nan_to_num().clamp(0, 1)


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
