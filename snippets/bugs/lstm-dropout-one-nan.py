"""`nn.LSTM` with `dropout=1.0` returns NaN in training.

Between its layers an LSTM drops elements and scales up the others by `1 / (1 - dropout)`. At a rate of one all are
dropped, and the scale is infinite: zero times infinity is NaN, in each element of the output. On the CPU the next
layer gets zeros, and the output is finite.

You hit it only with two or more layers, in training, at a rate of exactly one, as a sweep over dropout rates may
reach. In `eval()` nothing is dropped.

It was seen on 2.13.0 and on a development build of 2.14, on macOS 26.5.2 with an M5 Max. The release notes of 2.14
list the fix (pytorch#190059), which makes the scale zero. Since when it was so is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#190057",
    "kind": "nan",
    "family": "recurrent",
    "ops": ["torch.nn.LSTM"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#190059",
    "reported": [
        {
            "thread": "pytorch/pytorch#190057",
            "date": "2026-07-15",
            "torch": "2.13.0",
            "macos": "26.5.2",
            "chip": "M5 Max",
            "figures": {"cpu": "all finite", "mps": "all NaN"},
        }
    ],
    "met_in": ["a sweep over dropout rates up to 1 (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["lstm"], "when": ["num_layers.value > 1", "dropout.value == 1", "train.value == true"]}],
    "effect": "sets(result, nan)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 2, 4, generator=generator)  # position, batch, size
    weights = torch.randn(4, 16, 4, generator=generator)  # of two layers: what goes in, what recurs
    return x, weights


def lstm(device, weights, layers, **options):
    model = torch.nn.LSTM(4, 4, num_layers=layers, bias=False, **options).to(device, weights.dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights):
            parameter.copy_(weight)
    return model


@torch.no_grad()
def compute(device, x, weights):
    return lstm(device, weights, 2, dropout=1.0).train()(x.to(device))[0]


@torch.no_grad()
def workaround(device, x, weights):
    first, second = (lstm(device, pair, 1) for pair in weights.split(2))
    return second(torch.zeros_like(first(x.to(device))[0]))[0]  # all is dropped in between


@torch.no_grad()
def control(device, x, weights):
    return lstm(device, weights, 2, dropout=1.0).eval()(x.to(device))[0]


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
