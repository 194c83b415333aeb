"""`boxes[..., 1] -= c` leaves the column as it was.

Where a column is picked with a whole number and changed in place, nothing is written: in the report `boxes[..., 1]
-= 9` and `boxes[..., 3] -= 9` left 173.75 and 201.86 as they were, where 164.75 and 192.86 were due. Nothing is
raised. That the result is computed and not put back into places that do not lie side by side is inferred.

You hit it when you subtract a mean from one column in place. Ultralytics' YOLO does so with its boxes, and took an
index list instead, `boxes[..., [1, 3]] -= c` (ultralytics#8639). Subtract out of place: `boxes - offsets`.

Reported in February 2024 for Ultralytics 8.0.235 and newer; the versions of PyTorch and macOS are not known. The fix
is not known. PyTorch before 1.12.1 had the same picture with `+=` (pytorch#79672).
"""

BUG = {
    "issue": "ultralytics/ultralytics#8555",
    "also": ["ultralytics/ultralytics#8639"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.__setitem__", "torch.Tensor.sub_"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "ultralytics/ultralytics#8555",
            "date": "2024-02-29",
            "figures": {"expected": [160.12, 164.75, 177.28, 192.86], "mps": [160.12, 173.75, 177.28, 201.86]},
        }
    ],
    "met_in": ["Ultralytics YOLO: scale_boxes (ultralytics#8555)"],
    "caveat": "No thread says what the kernel needs; what is checked is what the report shows, a column.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["sub"], "form": "inplace", "when": ["self.layout == sliced"]}],
    "effect": "unwritten(result)",
    "absent": {"affected": "the thread as read names no version"},
}

import torch


def inputs():
    return (torch.tensor([[160.0, 174.0, 177.0, 202.0], [17.0, 1.0, 109.0, 154.0]]),)


def compute(device, boxes):
    boxes = boxes.to(device, copy=True)
    boxes[..., 1] -= 9.0
    return boxes


def workaround(device, boxes):
    return boxes.to(device) - torch.tensor([0, 9, 0, 0]).to(device)


def control(device, boxes):
    boxes = boxes.to(device, copy=True)
    boxes[0] -= 9.0  # a row: its places lie side by side
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
