"""`F.gelu` of a transposed tensor returns meaningless numbers.

On a view in another order, such as a transpose, the result came back with values that GELU cannot give: in
transformers#22468 some lay near -8, where GELU never goes below -0.17, and the error grew from about 1e-7 before the
activation to about 10 after it. `.contiguous()` before the call avoids it.

Why (inferred, no thread says it): a result in another order than the plain one was computed into a temporary copy and
never written back, so the caller sees what the memory held before. The source of that time reads so, and the fix adds
the missing copy.

You hit it where a model transposes before the activation: GLPN and SegFormer do so in each block. BERT, GPT-NeoX and
Gemma 2 hand `gelu` contiguous tensors, and GPT-2 spells its activation out (all seen on a CPU, transformers 5.24).

It was seen on a development build of 2.1. The macOS wheel of 2.3.1 lacks the fix, that of 2.4.0 has it. Leaky ReLU and
Mish had the same fault, in the backward pass too, and were fixed with it (pytorch#123049).
"""

BUG = {
    "issue": "pytorch/pytorch#98212",
    "also": ["huggingface/transformers#22468", "zhihanyue/ts2vec#33", "RaymondWang987/NVDS#28"],
    "kind": "wrong",
    "family": "strides",
    "affected": ">=2.1.0.dev20230329,<2.4",
    "basis": {"seen": "thread", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#123049",
    "reported": [
        {
            "thread": "huggingface/transformers#22468",
            "date": "2023-03-30",
            "torch": "2.1.0.dev20230329",
            "macos": "13.3",
        },
        {
            "thread": "huggingface/transformers#22468",
            "date": "2023-03-31",
            "figures": {
                "max_difference_before": "about 1e-7",
                "max_difference_after": "about 10",
                "lowest_value": "about -8",
            },
        },
    ],
    "met_in": ["transformers: GLPN and SegFormer (Mix-FFN)", "TS2Vec", "NVDS"],
    "trigger": [{"op": ["gelu"], "when": ["self.layout == permuted"]}],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 16, 24, generator=generator),)  # (batch, channel, position)


def compute(device, x):
    return F.gelu(x.to(device).transpose(1, 2))  # (batch, position, channel): a view in another order


def workaround(device, x):
    return F.gelu(x.to(device).transpose(1, 2).contiguous())


def control(device, x):
    return F.gelu(x.to(device))  # the same numbers in the plain order


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
