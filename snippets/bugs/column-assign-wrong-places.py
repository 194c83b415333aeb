"""`x[:, 0] = 7` writes into the first row instead of the column.

The places of a column do not lie side by side, but the value was written as if they did. In the report the second
place even got a 0: `[[7, 0, 3], [4, 5, 6]]` instead of `[[7, 2, 3], [7, 5, 6]]`. Nothing is raised. On a GPU such
an assignment is a copy of one number that is repeated.

You hit it when you ablate one head or neuron by setting its column: others are hit instead. `torch.where` with a mask
of the column is right. Top-p sampling sets a column of its mask to keep the most likely token, and T5 and Whisper set
the first column of what their decoder reads (seen with transformers 5.24).

Reported on a development build of 1.12. The fix, pytorch#79939, names the thread and is in 1.12.1, by the list of
that release.
"""

BUG = {
    "issue": "pytorch/pytorch#78074",
    "also": ["pytorch/pytorch#78886", "pytorch/pytorch#79672"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.__setitem__", "torch.Tensor.fill_"],
    "affected": ">=1.12.0.dev20220518,<1.12.1",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#79939",
    "reported": [
        {
            "thread": "pytorch/pytorch#78074",
            "date": "2022-05-23",
            "torch": "1.12.0.dev20220518",
            "macos": "12.4",
            "figures": {"cpu": [[7, 2, 3], [7, 5, 6]], "mps": [[7, 0, 3], [4, 5, 6]]},
        }
    ],
    "met_in": [
        "transformers: top-p sampling, the decoder inputs of T5 and Whisper",
        "ablating one head or neuron by setting its column (judged)",
    ],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "form": "inplace",
            "when": ["self.layout == sliced", "self.device == accel", "src.device == accel"],
        },
        {"op": ["fill"], "form": "inplace", "when": ["self.layout == sliced"]},
    ],
    "effect": "ignores-strides(result)",
}

import torch


def inputs():
    return (torch.tensor([[1, 2, 3], [4, 5, 6]]),)


def compute(device, x):
    x = x.to(device, copy=True)
    x[:, 0] = 7
    return x


def workaround(device, x):
    x = x.to(device)
    first = torch.tensor([True, False, False]).to(device)
    return torch.where(first, torch.full_like(x, 7), x)


def control(device, x):
    x = x.to(device, copy=True)
    x[0] = 7  # a row: its places lie side by side
    return x


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
