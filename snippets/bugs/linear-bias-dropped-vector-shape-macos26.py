"""`F.linear` drops the bias for inputs of one row each on macOS 26.

For an input such as (80, 1, 2), in which each batch item is a single vector, the bias is left out: the error that the
thread prints is to the last digit that of a missing bias (inferred). Nothing is raised.

You hit it in token-by-token decoding through layers with a bias, as in Whisper or BERT-like decoders, and in TabPFN,
where it was found. Call `F.linear` without the bias and add it yourself.

Seen with a nightly of 2.14 on a hosted virtual M1 with macOS 26; a beta of macOS 27 was right. The release notes of
2.14.0 have the fix, which adds the bias separately on all M1 with macOS 26. With more rows the bias was lost there
too: `linear-3d-bias-virtual-m1` (pytorch#192934). Older versions were not tried with one row each; that whole models
fail on such machines with 2.8 to 2.13 for this reason (actions/runner-images#14380) is inferred.

Apple's kernel that adds the bias in one go uses other code for such shapes. By the source it is called on macOS 15 or
newer for contiguous inputs and weights.
"""

BUG = {
    "issue": "pytorch/pytorch#188438",
    "also": ["pytorch/pytorch#192934", "PriorLabs/TabPFN#1084", "actions/runner-images#14380"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.nn.functional.linear"],
    "affected": ">=2.14.0.dev20260629,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#188619",
    "macos": ">=26,<27",
    "macos_note": "right on a beta of macOS 27",
    "chips": ["M1"],
    "reported": [
        {
            "thread": "pytorch/pytorch#188438",
            "date": "2026-06-29",
            "torch": "2.14.0.dev20260629",
            "macos": "26",
            "chip": "M1 (virtual)",
            "figures": {"rel_err_2_192": 0.2273, "rel_err_4_192": 0.1785},
        }
    ],
    "met_in": [
        "TabPFN (PriorLabs/TabPFN#1084)",
        "token-by-token decoding: (batch, 1, width) through layers with a bias (judged)",
    ],
    "caveat": "Seen on a hosted virtual M1 alone; PyTorch's guard covers all M1s. Older versions were not tried with one row each: that whole models fail there with 2.8 to 2.13 (actions/runner-images#14380) for this reason is inferred.",
    "caused_by": "macos",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 18,
    "trigger": [
        {
            "op": ["linear"],
            "when": [
                "input.ndim >= 3",
                "input.size.-2 == 1",
                "bias.ndim >= 1",
                "input.layout == contiguous",
                "weight.layout == contiguous",
            ],
        }
    ],
    "effect": "drops(bias)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(80, 1, 2, generator=generator)
    return x, torch.randn(192, 2, generator=generator), torch.randn(192, generator=generator)


def compute(device, x, weight, bias):
    return F.linear(x.to(device), weight.to(device), bias.to(device))


def workaround(device, x, weight, bias):
    return F.linear(x.to(device), weight.to(device)) + bias.to(device)


def control(device, x, weight, bias):
    return F.linear(x.to(device).flatten(0, 1), weight.to(device), bias.to(device))  # 80 rows in one matrix


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
