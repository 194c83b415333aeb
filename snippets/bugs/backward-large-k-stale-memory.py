"""Gradients of `nn.Linear` are far too large above 32,768 tokens if an earlier step had another size.

The loss is right, the gradient of the weight is not: in the thread it is 20,402 times too large for 8,194 texts of 4
tokens on 2.10.0, and 70,141 times on 2.11.0. Nothing is raised.

You hit it in training, and in attribution by gradients, with more than 32,768 tokens in a batch. Keep below, or add
up the gradients of parts.

Seen with 2.10.0 and 2.11.0 on an M2 with macOS 26.2. The thread tells that one size, 16,385 by 4, was right on
2.11.0. 2.14.0 has the fix, which uses other code for these gradients on these chips from 32,769 tokens on
(pytorch#183535). For other products the limit was found to be 32,767 (pytorch#195163); whether it is the same for
gradients is not known.

The gradient of the weight sums over all tokens of a batch. On M1 and M2 Apple's kernel for long sums does not cut its
last tile, and adds what lies behind its operands in memory. In a fresh process that is zeros; after a step of another
size it is numbers of that step.
"""

BUG = {
    "issue": "pytorch/pytorch#177116",
    "also": ["pytorch/pytorch#195163", "pytorch/pytorch#193487"],
    "kind": "nondeterministic",
    "family": "matmul",
    "ops": ["torch.matmul", "torch.nn.functional.linear"],
    "affected": ">=2.10.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#183535",
    "chips": ["M1", "M2"],
    "reported": [
        {"thread": "pytorch/pytorch#177116", "date": "2026-03-11"},
        {
            "thread": "pytorch/pytorch#177116",
            "date": "2026-05-10",
            "torch": "2.10.0",
            "macos": "26.2",
            "chip": "M2",
            "figures": {"times_too_large_8194x4": 20402, "times_too_large_16385x4": 27043},
        },
        {
            "thread": "pytorch/pytorch#177116",
            "date": "2026-05-10",
            "torch": "2.11.0",
            "macos": "26.2",
            "chip": "M2",
            "figures": {"times_too_large_8194x4": 70141, "times_too_large_16385x4": 1.0},
        },
    ],
    "met_in": ["gradient attribution or SAE training with more than 32k tokens per batch (judged)"],
    "caveat": "The snippet fills memory with other numbers first; whether that suffices on each machine is not known.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 13,
    "trigger": [
        {
            "op": ["linear_backward"],
            "when": [
                "self.numel / self.size.-1 > 32768",
                "self.size.-1 >= 16",
                "grad_output.size.-1 >= 16",
                "output_mask.value.1 == true",
            ],
        }
    ],
    "effect": "noise(result, 10)",
    "repeats": 3,
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(32800, 16, generator=generator)  # tokens, width
    return x, torch.randn(16, 16, generator=generator), torch.randn(32800, 16, generator=generator)


def gradient(x, weight, incoming):  # of the weight
    weight = weight.detach().requires_grad_()
    return torch.autograd.grad(F.linear(x, weight), weight, incoming)[0]


def compute(device, x, weight, incoming):
    gradient(*[t.to(device) * 1000 for t in (x[:30000], weight, incoming[:30000])])  # leaves large numbers in memory
    return gradient(x.to(device), weight.to(device), incoming.to(device))


def workaround(device, x, weight, incoming):
    x, weight, incoming = x.to(device), weight.to(device), incoming.to(device)
    return gradient(x[:16400], weight, incoming[:16400]) + gradient(x[16400:], weight, incoming[16400:])


def control(device, x, weight, incoming):
    return gradient(x.to(device)[:16400], weight.to(device), incoming.to(device)[:16400])


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

    def error_ratios(got, cpu, exact):  # one for each output
        alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
        return [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]

    found = {}
    for function in (compute, control, workaround):
        cpu, exact = run(function, "cpu"), run(control if function is control else compute, "cpu", precision=wide)
        try:
            runs = [run(function, device) for _ in range(BUG["repeats"])]
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            each = [error_ratios(got, cpu, exact) for got in runs]
            worst, wrong = max(each, key=max), sum(max(ratios) > 10 for ratios in each)
            found[function] = "WRONG" if wrong else "agrees"
            said = f"error ratio {', '.join(f'{ratio:.3g}' for ratio in worst)}, 10 allowed, "
            said += f"{wrong} of {len(runs)} runs are wrong"
        print(f"  {function.__name__:10} {said}: {found[function]}")
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    if found[compute] == "agrees":
        rate, repeats = 1 - 0.01 ** (1 / BUG["repeats"]), BUG["repeats"]
        seen = 1 - (1 - rate) ** repeats
        print(f"What is wrong in {rate:.2%} of runs shows in {repeats} runs with a chance of {seen:.2%}.")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
