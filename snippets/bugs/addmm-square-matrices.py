"""`torch.addmm` of square matrices multiplies by the transpose.

The kernel guessed from the sizes whether a matrix had been transposed. Two square matrices always have "matching"
sizes, so `addmm(bias, a, b)` gave `bias + a @ b.T`. By the source a wider case is wrong too: where the result alone is
square, the bias is added along the rows in place of the columns. `torch.mm` does not guess.

You meet it in `GPT2LMHeadModel` of transformers, whose projections are `addmm`, when a batch holds as many tokens as the
model is wide: reported for gpt2-medium with 1,024 tokens, right with 1,023. By the same sizes it is 768 tokens for
gpt2, as one text or as 24 texts of 32 tokens.

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


# The lines below are the same in every snippet: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    try:
        torch.ones(1, device=device)
    except Exception:
        sys.exit(f"COULD NOT RUN: this torch sees no device {device!r}; on a Mac see torch.backends.mps.is_available()")

    def run(function, where, upcast=False):  # all outputs of a function as one vector on the CPU
        outputs = function(where, *(t.double() if upcast and t.is_floating_point() else t for t in inputs()))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return torch.cat([t.detach().cpu().flatten() for t in outputs])

    def agrees(function, reference):
        got, cpu, exact = run(function, device), run(function, "cpu"), run(reference, "cpu", upcast=True).double()

        def rms_error(values):  # equal infinities, and NaN where NaN belongs, are no error
            same = (values == exact) | (values.isnan() & exact.isnan())
            return torch.where(same, 0.0, values.double() - exact).square().mean().sqrt().item()

        eps = torch.finfo(cpu.dtype).eps if cpu.is_floating_point() else 0.0
        floor = eps * exact[exact.isfinite()].square().mean().sqrt().item()
        allowed = 10 * max(rms_error(cpu), floor) if rms_error(cpu) else 0.0  # where the CPU is exact, so is a device
        right = got.shape == exact.shape and rms_error(got) <= allowed
        error = rms_error(got) if got.shape == exact.shape else float("inf")
        word = "agrees" if right else "WRONG"
        print(f"  {function.__name__:10} error {error:.3g} on {device}, {allowed:.3g} allowed: {word}")
        return right

    right = agrees(compute, compute)
    agrees(control, control)
    if "workaround" in globals():
        agrees(workaround, compute)
    print(f"{'AGREES' if right else 'WRONG'}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if right else 3)
