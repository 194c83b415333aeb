"""The backward of `nn.LSTM` gives wrong input gradients for non-contiguous inputs.

In the thread the gradient of the input is off by 0.5 to 0.7. The gradients of the weights are right, and so is the
output. `nn.RNN` and `nn.GRU` are right too. Nothing is raised.

You hit it where an LSTM reads what was transposed or permuted before, and something in front of it learns: an
embedding, a convolution. EnCodec in `transformers` permutes its features before the LSTM. Call `.contiguous()` on the
input.

The thread is of February 2026 and is about batch norm; the LSTM is in it in one sentence. Versions, a fix and the
reason are not known, nor whether slices are hit like permuted inputs.
"""

BUG = {
    "issue": "pytorch/pytorch#175189",
    "kind": "wrong",
    "family": "recurrent",
    "ops": ["torch.nn.LSTM"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#175189",
            "date": "2026-02-17",
            "figures": {"input_grad_diff": "0.5 to 0.7"},
        }
    ],
    "met_in": ["transformers: EnCodec, whose LSTM reads permuted features, in training (judged)"],
    "caveat": "One sentence of a thread about another bug. The software model of this bug makes the output wrong too.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["lstm"], "when": ["input.layout != contiguous", "input.grad == true"]}],
    "effect": "ignores-strides(input)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 4, generator=generator)  # batch, position, size
    return x, torch.randn(2, 16, 4, generator=generator)  # what goes in, what recurs


def lstm(device, weights, **options):
    model = torch.nn.LSTM(4, 4, bias=False, **options).to(device, weights.dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights):
            parameter.copy_(weight)
    return model


def compute(device, x, weights):
    x = x.to(device).transpose(0, 1).requires_grad_()  # time first, as a view
    return torch.autograd.grad(lstm(device, weights)(x)[0].square().sum(), x)[0]


def workaround(device, x, weights):
    x = x.to(device).transpose(0, 1).requires_grad_()
    return torch.autograd.grad(lstm(device, weights)(x.contiguous())[0].square().sum(), x)[0]


def control(device, x, weights):
    x = x.to(device).requires_grad_()  # the batch for the time: contiguous
    return torch.autograd.grad(lstm(device, weights)(x)[0].square().sum(), x)[0]


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
