"""`torch.std` and `torch.var` over no elements are 0 instead of NaN.

Over a dimension of length 0 there is no spread, so the CPU returns NaN. The GPU took a shortcut for empty input and
returned its new result as it was, 0 in the example of the fix. `std_mean` and `var_mean` are named as well.

You hit it when you take the spread over a selection that may be empty: it looks as if all values were the same. Ask for
`numel()` first.

It is known from the fix, of May 2026, which PyTorch 2.13.0 has (pytorch#184510). Which releases before it are wrong
is not known. Whether the result is always 0, or what the memory held before, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#184510",
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.std", "torch.std_mean", "torch.var", "torch.var_mean"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184510",
    "reported": [{"thread": "pytorch/pytorch#184510", "date": "2026-05-20", "figures": {"cpu": "nan", "mps": 0}}],
    "met_in": ["the spread over an empty selection (judged)"],
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["std", "var", "std_mean", "var_mean"], "when": ["self.numel == 0", "result.numel > 0"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (torch.ones(3, 0, 5),)


def compute(device, x):
    return x.to(device).var(dim=1)


def workaround(device, x):
    x = x.to(device)
    return (x - x.mean(dim=1, keepdim=True)).square().sum(dim=1) / (x.shape[1] or float("nan"))


def control(device, x):
    return (x.to(device).sum(dim=1, keepdim=True) + 1).repeat(1, 2, 1).var(dim=1)  # two equal elements each


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
