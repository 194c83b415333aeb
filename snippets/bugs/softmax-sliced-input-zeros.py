"""Reading `x[..., 0]` of a sliced tensor gives zeros past the first elements.

`x` is itself a view, the first four of five columns. Of its first column the GPU gives two numbers correctly and zeros
for the other six: those that lie further back in memory than a tensor of the size of the column is long (inferred
from the numbers). The report began with softmax, which is right where its result can be read. Nothing is raised.

You hit it by taking one feature or position of a part of the activations, `acts[..., :n][..., 0]`. Call
`.contiguous()` after the first slice.

Reported for a nightly of June 2022. A change to 1.12.1 says that it fixes this thread, but is about uint8; whether a
release was wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#80006",
    "also": ["pytorch/pytorch#80049"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.Tensor.__getitem__", "torch.select"],
    "affected": "==1.13.0.dev20220620",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#80006",
            "date": "2022-06-22",
            "torch": "1.13.0.dev20220620",
            "figures": {
                "mps": [0.1065, 0.1658, 0, 0, 0, 0, 0, 0],
                "cpu": [0.1065, 0.1658, 0.1751, 0.0929, 0.1008, 0.0784, 0.1868, 0.0937],
            },
        }
    ],
    "met_in": ["one feature of a part of the activations (judged)"],
    "caveat": "#80049 says that it fixes this thread, but is about uint8 (#80009).",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["select"], "when": ["self.layout == sliced", "result.layout == sliced"]}],
    "effect": "unwritten(result, after 2)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(1, 8, 5, generator=generator),)


def compute(device, x):
    return x.to(device)[..., :4][..., 0]  # a view of a view


def workaround(device, x):
    return x.to(device)[..., :4].contiguous()[..., 0]


def control(device, x):
    return x.to(device)[..., 0]  # a view of the whole tensor


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
