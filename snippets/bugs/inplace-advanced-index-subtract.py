"""`coords[:, [0, 2]] -= pad` scrambles other rows, where it falls back to the CPU.

An operation that has no kernel for the GPU runs on the CPU if `PYTORCH_ENABLE_MPS_FALLBACK=1` is set, and its
result is copied back. The report's numbers show that it came back from front to back, though the tensor was a view
with gaps: rows 1 and 2 of four became a mixture of others, while only 0 had been subtracted. Nothing is raised.

You hit it when you change some columns of a slice in place, as YOLOv3 does with its boxes. Write `x[:, 0] -= a; x[:,
2] -= b` instead, without a list.

Reported in August 2022 with the fallback switched on; which version, and since when these calls have a kernel of
their own, is not known. An Apple developer tried to see it again; with what outcome is not known. That the tensor is
the first four columns of a wider one is inferred from the numbers, which fit six columns.
"""

BUG = {
    "issue": "pytorch/pytorch#84229",
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.__getitem__", "torch.Tensor.__setitem__"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#84229",
            "date": "2022-08-29",
            "figures": {
                "row_1_before": [371.92389, 33.11592, 563.16974, 368.19769],
                "row_1_after": [563.16974, 368.19769, 216.71069, 228.54417],
            },
        }
    ],
    "met_in": ["YOLOv3: scale_coords (pytorch#84229)"],
    "caveat": "Needs PYTORCH_ENABLE_MPS_FALLBACK=1 and a PyTorch without an own kernel for it; the outcome of an Apple developer's attempt to see it is not known.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["index_put"], "form": "inplace", "when": ["self.layout == sliced"]}],
    "effect": "ignores-strides(result)",
    "absent": {"affected": "the thread as read names no version"},
}

import torch


def inputs():
    return (torch.arange(24.0).reshape(4, 6).clone(),)  # four boxes, a confidence, a class


def compute(device, detections):
    detections = detections.to(device, copy=True)
    boxes = detections[:, :4]  # a view with gaps
    boxes[:, [0, 2]] -= 1.0
    return detections


def workaround(device, detections):
    detections = detections.to(device, copy=True)
    detections[:, 0] -= 1.0
    detections[:, 2] -= 1.0
    return detections


def control(device, detections):
    boxes = detections.to(device)[:, :4].clone()
    boxes[:, [0, 2]] -= 1.0
    return boxes


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
