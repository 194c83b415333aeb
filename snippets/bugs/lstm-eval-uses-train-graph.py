"""`nn.LSTM` still drops elements after `eval()` if it was trained on inputs of the same shape.

Validation loss is that of a model with dropout. In the thread the same three samples give other outputs alone than in
a batch of ten, because training used batches of three. Nothing is raised; inputs of another shape are right.

You hit it with two or more layers and a dropout above zero, where you evaluate in the process that trained. Set
`model.dropout = 0.0` for the evaluation.

Reported in April 2026; a forum post of September 2024 describes the same. Which release was the first is not known.
2.13.0 has the fix.

Apple GPUs compute an LSTM with a graph that PyTorch builds once and finds again by a name. The name says shapes,
layers and the dropout rate, but not whether the model trains. So the graph of a training step, with dropout between
its layers, is used again in `eval()` for inputs of that shape. By the code the graph that is built first stays: where
`eval()` came first, training then runs without dropout (inferred).
"""

BUG = {
    "issue": "pytorch/pytorch#180744",
    "also": ["pytorch/pytorch#173640", "pytorch/pytorch#174115"],
    "kind": "wrong",
    "family": "recurrent",
    "ops": ["torch.nn.LSTM"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#180873",
    "reported": [{"thread": "pytorch/pytorch#180744", "date": "2026-04-18"}],
    "met_in": ["language models and encoders of stacked nn.LSTM: validation in the process that trains (judged)"],
    "caveat": "Only evaluation after training is checked, not the other order.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["lstm"],
            "when": [
                "train.value == false",
                "dropout.value > 0",
                "num_layers.value > 1",
                "earlier.train.value == true",
                "earlier.input.shape == input.shape",
                "earlier.input.dtype == input.dtype",
                "earlier.hx.shape == hx.shape",
                "earlier.dropout.value == dropout.value",
                "earlier.num_layers.value == num_layers.value",
                "earlier.has_biases.value == has_biases.value",
                "earlier.bidirectional.value == bidirectional.value",
                "earlier.batch_first.value == batch_first.value",
            ],
        }
    ],
    "effect": "sets(train, true)",
    "fresh": True,
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, 8, generator=generator)  # position, batch, size
    weights = torch.randn(4, 32, 8, generator=generator)  # of two layers: what goes in, what recurs
    return x, weights


def lstm(device, weights):
    model = torch.nn.LSTM(8, 8, num_layers=2, dropout=0.5, bias=False).to(device, weights.dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights):
            parameter.copy_(weight)
    return model


def compute(device, x, weights):
    model, x = lstm(device, weights), x.to(device)
    with torch.no_grad():
        model.train()(x)  # builds the graph, with dropout
        return model.eval()(x)[0]


def workaround(device, x, weights):
    model, x = lstm(device, weights), x.to(device)
    with torch.no_grad():
        model.train()(x)
        model.eval().dropout = 0.0
        return model(x)[0]


def control(device, x, weights):
    model, x = lstm(device, weights), x.to(device)
    with torch.no_grad():
        model.train()(x)
        return model.eval()(x[:, :2].contiguous())[0]  # another batch size


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
