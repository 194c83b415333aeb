"""`F.elu` of a transposed input differs from the CPU.

The result takes the layout of its input. A result that is not contiguous cannot be written directly, says the fix
(pytorch#125692): it needs a contiguous buffer and a copy back, which were not there. What is then found in the result is
not known; the imitation leaves it unwritten (inferred: SiLU, which lacked the same, gave random values, zeros or NaN,
pytorch#139006).

You meet it where ELU follows a transpose, as in a network that goes from (batch, channel, position) to (batch, position,
channel). The report has a tensor of three dimensions, transposed, and names no version. Tensors of four dimensions in
the order "channels last" were cured earlier (pytorch#94664); other orders of four dimensions are not known.

The fix was merged in May 2024, before 2.4 was cut.
"""

BUG = {
    "issue": "pytorch/pytorch#124834",
    "also": ["pytorch/pytorch#94664"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.nn.functional.elu"],
    "affected": "<2.4",
    "basis": {"seen": "unknown", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#125692",
    "reported": [{"thread": "pytorch/pytorch#124834", "date": "2024-04-24"}],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["elu"], "when": ["self.layout == permuted", "self.ndim <= 3"]}],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 16, 24, generator=generator),)  # (batch, channel, position)


def compute(device, x):
    return F.elu(x.to(device).transpose(1, 2))  # (batch, position, channel): a view in another order


def workaround(device, x):
    return F.elu(x.to(device).transpose(1, 2).contiguous())


def control(device, x):
    return F.elu(x.to(device))  # the same numbers in the plain order


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
