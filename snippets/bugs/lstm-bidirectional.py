"""A bidirectional `nn.LSTM` is wrong.

On a development build of 2.0 the output of each position differed from the CPU's, in both directions. Nothing is
raised. By the fix, bidirectional LSTMs were not implemented for Apple GPUs at that time (pytorch#95563). How the
numbers came about is not said.

You hit it in taggers and encoders for text and speech. An LSTM in one direction was right in the same report.

It was seen in February 2023, on macOS 13.1 with an M1 Pro. In pytorch#90421 a batch of two was still wrong in April
2023, after the fix was sent, with one layer and with two; the version is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#94754",
    "also": ["pytorch/pytorch#90421", "pyannote/pyannote-audio#1337"],
    "kind": "wrong",
    "family": "recurrent",
    "ops": ["torch.nn.LSTM"],
    "affected": "==2.0.0.dev20230205",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#95563",
    "reported": [
        {
            "thread": "pytorch/pytorch#94754",
            "date": "2023-02-13",
            "torch": "2.0.0.dev20230205",
            "macos": "13.1",
            "chip": "M1 Pro",
            "figures": {"cpu": [0.0054, 0.2338, -0.1167, 0.2263], "mps": [0.2325, 0.2447, 0.4149, 0.4394]},
        }
    ],
    "met_in": ["taggers and encoders with a bidirectional LSTM (judged)"],
    "caveat": "In #90421 still wrong for batches of 2 on 17 April 2023, after #95563 was opened; version not known.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["lstm"], "when": ["bidirectional.value == true"]}],
    "effect": "noise(result, 1)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 2, 4, generator=generator)  # position, batch, size
    return x, torch.randn(4, 16, 4, generator=generator)  # for each direction: what goes in, what recurs


def lstm(device, weights, **options):
    model = torch.nn.LSTM(4, 4, bias=False, **options).to(device, weights.dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights):
            parameter.copy_(weight)
    return model


@torch.no_grad()
def compute(device, x, weights):
    return lstm(device, weights, bidirectional=True)(x.to(device))[0]


@torch.no_grad()
def workaround(device, x, weights):
    forth, back = (lstm(device, pair) for pair in weights.split(2))
    return torch.cat([forth(x.to(device))[0], back(x.to(device).flip(0))[0].flip(0)], -1)


@torch.no_grad()
def control(device, x, weights):
    return lstm(device, weights)(x.to(device))[0]  # one direction


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
