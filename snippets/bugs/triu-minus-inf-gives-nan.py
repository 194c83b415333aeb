"""`torch.triu` turns the zeros of a causal mask into NaN.

Called with a diagonal above 0, `triu` got the kept part by subtracting the rest from the input (pytorch#128575). Where
the input is minus infinity and the result should be 0, infinity minus infinity gives NaN. So the usual additive causal
mask, `torch.triu(torch.full((n, n), float("-inf")), diagonal=1)`, holds NaN on and below the diagonal, and attention
that adds it is NaN as well.

You hit it in `nn.Transformer.generate_square_subsequent_mask` when the mask is made on the device, in the reference
code for Llama models and in hand-written attention. Select with `torch.where` instead.

PyTorch 2.5.0 selects instead of subtracting. The twin, `torch.tril` with a diagonal below 0, kept the fault: it was
reported on 2.6.0 (pytorch#149813), and the macOS wheel of 2.7.0 is the first whose `tril` selects.
"""

BUG = {
    "issue": "pytorch/pytorch#100005",
    "also": [
        "pytorch/pytorch#106341",
        "pytorch/pytorch#116170",
        "pytorch/pytorch#128429",
        "pytorch/pytorch#144532",
        "pytorch/pytorch#149813",
        "meta-llama/llama-models#164",
    ],
    "kind": "nan",
    "family": "mask",
    "affected": ">=2.0.1,<2.5",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#128575",
    "reported": [
        {"thread": "pytorch/pytorch#106341", "date": "2023-07-31", "torch": "2.0.1", "macos": "13.4"},
        {"thread": "pytorch/pytorch#116170", "date": "2023-12-20", "torch": "2.1.0", "macos": "13.6"},
        {
            "thread": "pytorch/pytorch#128429",
            "date": "2024-06-11",
            "torch": "2.4.0.dev20240607",
            "macos": "14.5",
            "chip": "M1 Max",
        },
        {
            "thread": "pytorch/pytorch#144532",
            "date": "2025-01-10",
            "torch": "2.2.2",
            "macos": "15.1.1",
            "chip": "M4 Pro",
        },
    ],
    "met_in": [
        "torch.nn.Transformer.generate_square_subsequent_mask on the device",
        "Llama reference code before meta-llama/llama-models#164",
        "hand-written causal masks (judged)",
    ],
    "danger": 40,
    "trigger": [{"op": ["triu"], "when": ["self has neginf"]}],
    "effect": "makes-nan(result)",
}

import torch


def inputs():
    return (torch.full((1, 1, 10, 10), float("-inf")),)  # nothing to draw: (batch, head, query, key)


def compute(device, minus_inf):
    return torch.triu(minus_inf.to(device), diagonal=1)


def workaround(device, minus_inf):
    minus_inf = minus_inf.to(device)
    position = torch.arange(minus_inf.shape[-1], device=device)
    future = position[None, :] > position[:, None]  # True where the key comes after the query
    return torch.where(future, minus_inf, torch.zeros_like(minus_inf))  # selects, never subtracts


def control(device, minus_inf):
    large = torch.full_like(minus_inf, -1e4)  # a finite "minus infinity"
    return torch.triu(large.to(device), diagonal=1)


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
