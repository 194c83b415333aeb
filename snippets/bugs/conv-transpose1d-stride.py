"""`F.conv_transpose1d` with a stride of 2 puts contributions in the wrong places.

Two ones and a kernel of two ones, with stride 2, give four ones. The GPU gave 1, 2, 1, 0: what stride 1 gives, with a
zero behind it. So the result has the right length, and the contributions lie too close together. Nothing is raised.

You hit it in decoders that make sound longer by transposed convolutions, such as vocoders; one report has the sizes of
such a layer, a kernel of 16 with a stride of 8. `conv_transpose2d` with one more dimension and the same stride in both
directions is right (inferred).

It was reported twice in August 2022, on nightlies of 1.13 with macOS 12.3.1 and 12.5. The fix of `conv1d` and `conv2d`
with different strides (`conv2d-unequal-stride`) names both threads (pytorch#83522); in which release it is has not
been found out. That strides of the two directions are mixed up here as there is inferred.
"""

BUG = {
    "issue": "pytorch/pytorch#82711",
    "also": ["pytorch/pytorch#82563", "pytorch/vision#6355"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.conv_transpose1d"],
    "affected": ">=1.13.0.dev20220719,<=1.13.0.dev20220801",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#83522",
    "reported": [
        {"thread": "pytorch/pytorch#82563", "date": "2022-08-01", "torch": "1.13.0.dev20220719", "macos": "12.3.1"},
        {
            "thread": "pytorch/pytorch#82711",
            "date": "2022-08-03",
            "torch": "1.13.0.dev20220801",
            "macos": "12.5",
            "figures": {"cpu": [1, 1, 1, 1], "mps": [1, 2, 1, 0]},
        },
    ],
    "met_in": ["decoders for sound with strided transposed convolutions, such as vocoders (judged)"],
    "caveat": "The software model of this bug disturbs the numbers at random.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["conv_transpose1d"], "when": ["stride.value.0 > 1"]}],
    "effect": "noise(result, 1)",
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.ones(1, 1, 2), torch.ones(1, 1, 2)


def compute(device, x, weight):
    return F.conv_transpose1d(x.to(device), weight.to(device), stride=2)


def workaround(device, x, weight):
    spread = torch.zeros(1, 1, 3, device=device, dtype=x.dtype)
    spread[..., ::2] = x.to(device)  # zeros between the numbers, then stride 1
    return F.conv_transpose1d(spread, weight.to(device))


def control(device, x, weight):
    return F.conv_transpose1d(x.to(device), weight.to(device))


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
