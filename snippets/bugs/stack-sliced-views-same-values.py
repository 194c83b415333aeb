"""`torch.stack` of two slices repeats the first slice.

`stack` gives each tensor one more dimension and joins them. A slice that is contiguous but starts inside its base, once
unsqueezed, was read from the start of the base (pytorch#91071), so all slices come out with the values of the first.
Shape and dtype are right and nothing is raised. `.contiguous()` changes nothing, since such a slice is contiguous
already; `.clone()` makes a copy without an offset.

You meet it when you stack pieces of one tensor: two halves of a vector, or one position out of each cached activation.
Batches of labels kept on the device showed the same picture, the first label repeated (pytorch#92265, pytorch#93356).

It was seen on a development build of 1.14, which became 2.0, on macOS 12.3.1; the reporter thinks that older versions
have it too. The cure was picked into the branch of 2.0 (pytorch#95323, inferred from its date and kind). In August 2023
a DataLoader over labels on the device repeated the first label again (pytorch#108045); of which version that is, and
whether the cause is the same, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#87856",
    "also": [
        "pytorch/pytorch#91071",
        "pytorch/pytorch#91065",
        "pytorch/pytorch#92265",
        "pytorch/pytorch#93356",
        "pytorch/pytorch#108045",
    ],
    "kind": "wrong",
    "family": "offset",
    "affected": ">=1.14.0.dev20221027,<2.0",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#95323",
    "reported": [
        {
            "thread": "pytorch/pytorch#87856",
            "date": "2022-10-27",
            "torch": "1.14.0.dev20221027",
            "macos": "12.3.1",
            "figures": {"cpu": [1, 2], "mps": [1, 1]},
        }
    ],
    "met_in": [
        "TransformerLens: ActivationCache.decompose_resid(pos_slice=-1) on one prompt stacks such slices",
        "two halves of one vector",
    ],
    "trigger": [{"op": ["stack"], "when": ["tensors.offset > 0"]}],
    "effect": "ignores-offset(tensors)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(64, generator=generator),)


def compute(device, x):
    x = x.to(device)
    return torch.stack((x[:32], x[32:]), dim=-1)  # the second half is contiguous, with a storage offset of 32


def workaround(device, x):
    x = x.to(device)
    return torch.stack((x[:32].clone(), x[32:].clone()), dim=-1)


def control(device, x):
    first, second = x[:32].clone(), x[32:].clone()  # two tensors of their own before they reach the device
    return torch.stack((first.to(device), second.to(device)), dim=-1)


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
