"""The backward of `nn.Embedding` ignores `padding_idx` and `scale_grad_by_freq`.

The row of the padding token should get no gradient, and with the other option a row's gradient should be divided by
how often its id comes. Neither was implemented on Apple GPUs, and nothing is raised. So the padding row, zero at the
start, is trained by each padded batch, and the vectors of padded positions are zero no longer.

You hit it in training with padded batches, where the model names its padding token to the embedding, as BERT does;
GPT-2 names none. A mask over the padded positions of the loss does not keep the gradient away in all models. Set the
row's gradient to zero yourself before the optimizer's step.

Reported in June 2023; the version is not known. The fix (pytorch#185119) says that the options failed silently
before; the release notes of 2.13 list it.
"""

BUG = {
    "issue": "pytorch/pytorch#103023",
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.nn.functional.embedding"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#185119",
    "reported": [
        {"thread": "pytorch/pytorch#103023", "date": "2023-06-05", "figures": {"expected_rows": [0, 2, 1, 0, 0]}}
    ],
    "met_in": ["training small models with a padding token"],
    "caveat": "The padding token is found only where it is the smallest or largest id, and so missed, for example, in RoBERTa, whose padding is id 1.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["embedding_dense_backward"], "when": ["padding_idx.value >= 0", "indices.min == padding_idx.value"]},
        {"op": ["embedding_dense_backward"], "when": ["padding_idx.value >= 0", "indices.max == padding_idx.value"]},
        {"op": ["embedding_dense_backward"], "when": ["scale_grad_by_freq.value == true", "indices has duplicates"]},
    ],
    "effect": "sets(padding_idx, -1)",
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.tensor([0, 1, 1, 2]), torch.ones(5, 3)  # padding, then three words


def gradient(device, ids, weight, **options):
    weight = weight.to(device).requires_grad_()
    return torch.autograd.grad(F.embedding(ids.to(device), weight, **options).sum(), weight)[0]


def compute(device, ids, weight):
    return gradient(device, ids, weight, padding_idx=0)


def workaround(device, ids, weight):
    found = gradient(device, ids, weight)
    found[0] = 0
    return found


def control(device, ids, weight):
    return gradient(device, ids, weight)


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
