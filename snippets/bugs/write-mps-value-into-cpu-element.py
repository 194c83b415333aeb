"""`cpu_tensor[i] = mps_tensor` always writes to the start of the CPU tensor.

The copy from the GPU took the start of the CPU tensor's storage and forgot where in it the destination begins. Each
write lands in the first place, over the one before it; all other places keep their old values. Nothing is raised,
though with many writes one reporter ran into an internal assertion (pytorch#86153).

You hit it when you collect results: a table of zeros on the CPU, layers by heads, filled in a loop with scores that
were computed on the GPU. Only the first cell is ever written. Call `.cpu()` on the value first. A destination that
is not contiguous, such as a column, was copied through a temporary tensor and was right (inferred from the code of
early 2023).

Seen from a development build of 1.13 to 2.0.1. Fixed in PyTorch 2.1.1 (pytorch#109557, picked by pytorch#112432).
"""

BUG = {
    "issue": "pytorch/pytorch#108978",
    "also": [
        "pytorch/pytorch#123836",
        "pytorch/pytorch#112432",
        "pytorch/pytorch#99989",
        "pytorch/pytorch#86153",
        "pytorch/pytorch#86185",
    ],
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.__setitem__", "torch.Tensor.copy_"],
    "affected": ">=1.13.0.dev20221003,<2.1.1",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#109557",
    "reported": [
        {"thread": "pytorch/pytorch#108978", "date": "2023-09-10", "figures": {"written_rows_of_16": 1}},
        {
            "thread": "pytorch/pytorch#123836",
            "date": "2024-04-11",
            "torch": "2.0.1",
            "macos": "14.4.1",
            "chip": "M1 Pro",
            "figures": {"expected": [[0, 32, 0], [0, 3, 0], [0, 0, -3]], "got": [[32, 0, 0], [0, 0, 0], [0, 0, 0]]},
        },
        {"thread": "pytorch/pytorch#86153", "date": "2022-10-03", "torch": "1.13.0.dev20221003", "macos": "12.5.1"},
        {"thread": "pytorch/pytorch#99989", "date": "2023-04-25", "torch": "2.1.0.dev20230422", "macos": "13.3.1"},
    ],
    "met_in": ["filling a CPU table (layers by heads) with scores computed on the GPU (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 31,
    "trigger": [
        {
            "op": ["copy"],
            "form": "inplace",
            "when": ["self.device == cpu", "src.device == accel", "self.offset > 0", "self.layout == contiguous"],
        }
    ],
    "effect": "ignores-offset(self)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(3, 4, generator=generator),)  # scores of three layers


def compute(device, scores):
    scores = scores.to(device)
    table = torch.zeros(scores.shape, dtype=scores.dtype)  # on the CPU
    for layer in range(3):
        table[layer] = scores[layer]
    return table


def workaround(device, scores):
    scores = scores.to(device)
    table = torch.zeros(scores.shape, dtype=scores.dtype)
    for layer in range(3):
        table[layer] = scores[layer].cpu()
    return table


def control(device, scores):
    table = torch.zeros(scores.shape, dtype=scores.dtype)
    table[:1] = scores.to(device)[:1]  # the place that begins where the storage begins
    return table


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
