"""The backward of `F.layer_norm` gives wrong gradients of weight and bias where the input needs none.

The gradients of `weight` and `bias` come back wrong, and different from run to run, if the input does not require a
gradient. As soon as the input requires one, the same call is right. Nothing is raised, and the forward pass is right.
That memory is returned which nothing was written to is inferred from the numbers changing between runs.

You hit it when you train only the parameters of a `LayerNorm` on activations that were computed before: a probe on
cached activations, or the first norm of a model whose embeddings are frozen. In ordinary training the input of each
norm requires a gradient. `x.requires_grad_()` before the call is enough.

Reported in May 2026 without a release; a fix followed the same day and is in the release notes of 2.13.0. Since when
the gradients were wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#183825",
    "kind": "nondeterministic",
    "family": "normalisation",
    "ops": ["torch.nn.functional.layer_norm"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#183893",
    "reported": [
        {"thread": "pytorch/pytorch#183825", "date": "2026-05-15"},
        {"thread": "pytorch/pytorch#183893", "date": "2026-05-15"},
    ],
    "met_in": [
        "training only LayerNorm parameters on cached activations",
        "fine-tuning with frozen embeddings: the first norm",
    ],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["native_layer_norm_backward"], "when": ["output_mask.value.0 == false"]}],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 8, generator=generator), torch.randn(4, 8, generator=generator)


def compute(device, cached, upstream):
    x = cached.to(device)  # no gradient is asked for
    weight = torch.ones_like(cached[0]).to(device).requires_grad_()
    bias = torch.zeros_like(cached[0]).to(device).requires_grad_()
    (F.layer_norm(x, (8,), weight, bias) * upstream.to(device)).sum().backward()
    return weight.grad, bias.grad


def workaround(device, cached, upstream):
    x = cached.to(device).requires_grad_()
    weight = torch.ones_like(cached[0]).to(device).requires_grad_()
    bias = torch.zeros_like(cached[0]).to(device).requires_grad_()
    (F.layer_norm(x, (8,), weight, bias) * upstream.to(device)).sum().backward()
    return weight.grad, bias.grad


def control(device, cached, upstream):
    x = cached.to(device).requires_grad_()
    F.layer_norm(x, (8,)).backward(upstream.to(device))  # neither weight nor bias
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
