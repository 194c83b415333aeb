"""`b[1].zero_()` also zeroes everything that follows in the tensor.

Zeros were written over as many bytes as the whole storage has, counted from the place where the view begins. So all
that lies behind the view is zeroed too, and the end of the buffer is passed: of three ones, `b[1].zero_()` left `[1,
0, 0]`. `fill_(0)` does the same. Nothing is raised.

You hit it when you ablate one token, head or neuron in place: the ones after it are ablated as well. Multiply by a
mask instead. A column, or another view that is not contiguous, is written by other code and is not hit; a view at the
very start of its storage should be hit too, by what the fix changes (inferred).

The fix calls it a regression of a change of July 2022 (pytorch#81951). PyTorch 2.1.2 has the fix (pytorch#114838,
picked by pytorch#114958). The version of the report, of November 2023, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#114692",
    "also": ["pytorch/pytorch#114958", "pytorch/pytorch#81951"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.fill_", "torch.Tensor.zero_"],
    "affected": "<2.1.2",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#114838",
    "reported": [
        {"thread": "pytorch/pytorch#114692", "date": "2023-11-28", "figures": {"cpu": [1, 0, 1], "mps": [1, 0, 0]}}
    ],
    "met_in": ["zero-ablation of one token or neuron in place (judged)"],
    "caveat": "A view at the very start of its storage is not checked.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 30,
    "trigger": [
        {"op": ["zero"], "form": "inplace", "when": ["self.offset > 0", "self.layout == contiguous"]},
        {
            "op": ["fill"],
            "form": "inplace",
            "when": ["self.offset > 0", "self.layout == contiguous", "value.value == 0"],
        },
    ],
    "effect": "writes-outside(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(4, 8, generator=generator),)  # four tokens


def compute(device, tokens):
    tokens = tokens.to(device, copy=True)
    tokens[1].zero_()  # ablate the second
    return tokens


def workaround(device, tokens):
    keep = torch.tensor([[1], [0], [1], [1]])
    return tokens.to(device) * keep.to(device)


def control(device, tokens):
    tokens = tokens.to(device, copy=True)
    tokens[:, 1].zero_()  # a column: not contiguous
    return tokens


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
