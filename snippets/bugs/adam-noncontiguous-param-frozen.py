"""`addcmul_` and `addcdiv_` leave a non-contiguous tensor as it was, so Adam never moves such a parameter.

The result is computed into a contiguous temporary that is never copied back to the tensor it belongs to. Nothing is
raised: the tensor simply keeps its old values.

Adam meets both calls at every step. Its running average of squared gradients is updated with `addcmul_` and has the
parameter's layout; the step itself is `parameter.addcdiv_(average, denominator)`. A parameter that is a view, such as
an encoder initialised as `decoder.weight.T`, stays where it began while the rest of the model trains. AdamW, RMSprop,
Adagrad and Rprop use these calls too. One such hunt is told at
[elanapearl.github.io](https://elanapearl.github.io/blog/2025/the-bug-that-taught-me-pytorch).

It was seen on PyTorch's main branch in January 2024, before 2.3 was cut. In the macOS wheels of 2.2.2 and 2.3.1 the
function has no copy back, in 2.4.0's it has.
"""

BUG = {
    "issue": "pytorch/pytorch#118115",
    "also": ["pytorch/pytorch#118117", "pytorch/pytorch#155437"],
    "kind": "wrong",
    "family": "in-place",
    "affected": ">=2.2.2,<2.4",
    "basis": {"seen": "wheel", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#124442",
    "reported": [{"thread": "pytorch/pytorch#118115", "date": "2024-01-23"}],
    "met_in": [
        "sparse autoencoders whose encoder starts as a view of the transposed decoder",
        "probes and adapters with transposed parameters",
    ],
    "danger": 38,
    "trigger": [{"op": ["addcmul", "addcdiv"], "form": "inplace", "when": ["self.layout != contiguous"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 6, generator=generator)
    a = torch.randn(4, 6, generator=generator)
    b = torch.rand(4, 6, generator=generator) + 0.5  # away from zero: it is divided by
    return weight, a, b


def compute(device, weight, a, b):
    parameter = weight.to(device, copy=True).T  # a view, as an encoder made of the decoder's weight
    return parameter.addcmul_(a.to(device).T, b.to(device).T).addcdiv_(a.to(device).T, b.to(device).T)


def workaround(device, weight, a, b):
    parameter, a, b = (t.to(device).T.contiguous() for t in (weight, a, b))
    return parameter.addcmul_(a, b).addcdiv_(a, b)


def control(device, weight, a, b):
    parameter = weight.to(device, copy=True)  # the same calls without the transpose
    return parameter.addcmul_(a.to(device), b.to(device)).addcdiv_(a.to(device), b.to(device))


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
