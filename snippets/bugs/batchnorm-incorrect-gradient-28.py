"""The backward of `F.batch_norm` returns unwritten gradients of weight and bias where the input needs none.

The code returns at once where the gradient of the input is empty, which is meant for empty batches. If the input
needs no gradient that one does not exist, which counts as empty too, so the gradients of `weight` and `bias` come
back as new memory that nothing was written to (read in the source before the fix). Nothing is raised.

You hit it where a batch norm is the first layer: it gets the data, which need no gradient. In the report, of a
`BatchNorm1d` before an LSTM and one behind it, the bias of the first grows extremely large in training. Behind a
layer that is trained, as in a ResNet, every batch norm is right. Call `x.requires_grad_()` on the data.

Reported in June 2025. PyTorch's test of the fix is such a first layer, and the fix is in the release notes of 2.9.0;
since when it was wrong is not known. `layer_norm` had the same fault for longer (layer-norm-backward-frozen-input).
"""

BUG = {
    "issue": "pytorch/pytorch#156555",
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.batch_norm"],
    "affected": "<2.9",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#156867",
    "reported": [
        {"thread": "pytorch/pytorch#156555", "date": "2025-06-22"},
        {"thread": "pytorch/pytorch#156867", "date": "2025-06-25"},
    ],
    "met_in": [
        "BatchNorm1d as the first layer, in front of an LSTM (thread)",
        "probes that begin with a batch norm, on cached activations (judged)",
    ],
    "caveat": "What the fix changes is not known: the condition is from the source before it and from its test.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["native_batch_norm_backward"], "when": ["output_mask.value.0 == false"]}],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 3, 5, generator=generator), torch.randn(4, 3, 5, generator=generator)


def compute(device, data, upstream):
    x = data.to(device)  # data need no gradient
    weight = torch.ones_like(data[0, :, 0]).to(device).requires_grad_()
    bias = torch.zeros_like(data[0, :, 0]).to(device).requires_grad_()
    (F.batch_norm(x, None, None, weight, bias, training=True) * upstream.to(device)).sum().backward()
    return weight.grad, bias.grad


def workaround(device, data, upstream):
    x = data.to(device).requires_grad_()
    weight = torch.ones_like(data[0, :, 0]).to(device).requires_grad_()
    bias = torch.zeros_like(data[0, :, 0]).to(device).requires_grad_()
    (F.batch_norm(x, None, None, weight, bias, training=True) * upstream.to(device)).sum().backward()
    return weight.grad, bias.grad


def control(device, data, upstream):
    x = data.to(device).requires_grad_()
    F.batch_norm(x, None, None, training=True).backward(upstream.to(device))  # neither weight nor bias
    return x.grad


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
