"""`torch.max` of an int64 tensor returns its first element.

For `[0, 1, 2, 3, 4]` the GPU gives 0 where the CPU gives 4, for `[1, 2, 3]` it gives 1; `min` of the latter gives 0,
which is not even in it. Nothing is raised. A maintainer writes that the fix refuses int64 in both (pytorch#87753).

You hit it wherever whole numbers, which are int64 by default, are reduced: the longest of some prompts, the number of
classes, the highest token id. torch_scatter finds the number of graphs in a batch that way, says the report. Convert
to int32 or to a float first.

PyTorch 1.12.1 and 1.13.0 are reported; 2.0 raises an error instead. Why the first element comes back is not known,
and whether `max` along a dimension is hit is not known either.
"""

BUG = {
    "issue": "pytorch/pytorch#90273",
    "also": ["pytorch/pytorch#106444", "pytorch/pytorch#87753"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.max", "torch.min"],
    "affected": ">=1.12.1,<2.0",
    "basis": {"seen": "thread", "fixed": "thread"},
    "reported": [
        {"thread": "pytorch/pytorch#87753", "date": "2022-10-26", "torch": "1.12.1"},
        {
            "thread": "pytorch/pytorch#87753",
            "date": "2022-10-26",
            "torch": "1.13.0",
            "figures": {"input": [1, 2, 3], "mps_max": 1, "mps_min": 0},
        },
        {
            "thread": "pytorch/pytorch#90273",
            "date": "2022-12-06",
            "torch": "1.13.0",
            "macos": "13.0",
            "figures": {"cpu": 4, "mps": 0},
        },
    ],
    "met_in": [
        "torch_scatter: the number of items in a batch (pytorch#90273)",
        "transformers: generation from several prompts, which asks so whether one of them goes on",
        "the longest of some prompts, from a tensor of lengths (judged)",
    ],
    "caveat": "2.0 raises an error instead of the wrong value.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["max", "min"],
            "when": ["self.dtype == int64", "dim.given == false", "other.given == false", "self.numel > 1"],
        }
    ],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (torch.arange(5),)  # int64


def compute(device, x):
    return x.to(device).max()


def workaround(device, x):
    return x.to(device).int().max().long()


def control(device, x):
    return x.int().to(device).max()  # int32


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
