"""`nn.LSTM` with `batch_first=True` returns batch and time swapped.

The input is given as (batch, time, size), and so should the output be. It came back as (time, batch, size): the GPU
works with time first, and the step that swaps the two back was missing. Nothing is raised by the layer. Where batch
and time have the same size, nothing that follows notices either.

You hit it in nearly every model around an LSTM, since most of them put the batch first: `output[:, -1]` then takes one
sequence in place of the last step of each. Put time first, and swap the two yourself.

Reported in June 2022 on a build of 1.13, macOS 12.4. The fix, pytorch#80597, is in 1.12.1; that 1.12.0 has the fault
is inferred. Gradients with `batch_first=True` failed in other ways until 2.0 (pytorch#87579, pytorch#95137).
"""

BUG = {
    "issue": "pytorch/pytorch#80306",
    "also": ["pytorch/pytorch#87579"],
    "kind": "wrong",
    "family": "recurrent",
    "ops": ["torch.nn.LSTM"],
    "affected": "<1.12.1",
    "basis": {"seen": "unknown", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#80597",
    "reported": [
        {"thread": "pytorch/pytorch#80306", "date": "2022-06-26", "torch": "1.13.0.dev20220620", "macos": "12.4"}
    ],
    "met_in": ["language models and taggers of nn.LSTM with batch_first=True"],
    "caveat": "The software model of this bug takes the input for time first, and keeps the shape.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["lstm"], "when": ["batch_first.value == true"]}],
    "effect": "sets(batch_first, false)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 3, 4, generator=generator)  # batch, position, size
    return x, torch.randn(2, 16, 4, generator=generator)  # what goes in, what recurs


def lstm(device, weights, **options):
    model = torch.nn.LSTM(4, 4, bias=False, **options).to(device, weights.dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights):
            parameter.copy_(weight)
    return model


@torch.no_grad()
def compute(device, x, weights):
    return lstm(device, weights, batch_first=True)(x.to(device))[0]


@torch.no_grad()
def workaround(device, x, weights):
    return lstm(device, weights)(x.to(device).transpose(0, 1).contiguous())[0].transpose(0, 1)


@torch.no_grad()
def control(device, x, weights):
    return lstm(device, weights)(x.to(device))[0]  # time first


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
