"""`torch.addmm` of square matrices multiplies by the transpose.

The kernel guessed from the sizes whether a matrix had been transposed. Two square matrices always have "matching"
sizes, so `addmm(bias, a, b)` gave `bias + a @ b.T`. By the source a wider case is wrong too: where the result alone is
square, the bias is added along the rows in place of the columns. `torch.mm` does not guess.

You hit it in `GPT2LMHeadModel` of transformers, whose projections are `addmm`, when a batch holds as many tokens as
the model is wide: reported for gpt2-medium with 1,024 tokens, right with 1,023. By the same sizes it is 768 tokens
for gpt2, as one text or as 24 texts of 32 tokens. Write `torch.mm(x, weight) + bias`.

PyTorch 2.3.0 no longer guesses. The function that did is in the macOS wheels of 2.0.1 and 2.2.2 and not in that of
2.3.0.
"""

BUG = {
    "issue": "pytorch/pytorch#116331",
    "kind": "wrong",
    "family": "matmul",
    "affected": ">=2.0.1,<2.3",
    "basis": {"seen": "wheel", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#116547",
    "reported": [{"thread": "pytorch/pytorch#116331", "date": "2023-12-22", "chip": "M1"}],
    "met_in": [
        "transformers GPT-2 with as many tokens in a batch as the model is wide (gpt2: 768, gpt2-medium: 1,024)"
    ],
    "trigger": [{"op": ["addmm"], "when": ["mat1 has square", "mat2 has square"]}],
    "effect": "transposes(mat2)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(48, 48, generator=generator)  # as many tokens as the model is wide
    weight = torch.randn(48, 48, generator=generator)
    bias = torch.randn(48, generator=generator)
    return x, weight, bias


def compute(device, x, weight, bias):
    return torch.addmm(bias.to(device), x.to(device), weight.to(device))


def workaround(device, x, weight, bias):
    return torch.mm(x.to(device), weight.to(device)) + bias.to(device)


def control(device, x, weight, bias):
    return torch.addmm(bias.to(device), x.to(device)[:47], weight.to(device))  # one token fewer


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
