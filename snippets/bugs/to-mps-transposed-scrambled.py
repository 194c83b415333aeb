"""`x.t().to("mps")` scrambles a transposed CPU tensor.

The tensor was made contiguous before it was copied, but the copy kept the strides of the view. So the rows that
arrive are made of the wrong elements: `[[0, 2, 4], [1, 3, 5]]` became `[[0, 4, 3], [2, 1, 5]]`. Every number is
there, in another place, and nothing is raised.

You hit it when you move a view in another order: an image as channels first, weights that are stored transposed, an
array that NumPy has transposed. Call `.contiguous()` before the move.

Reported in June 2022, for images that were scaled up. Its cause and the numbers above are in pytorch#80859, which
says that it resolves the report in part. Its versions are not known; with the same picture, 1.12.1 is wrong too
(pytorch#86589).
"""

BUG = {
    "issue": "pytorch/pytorch#79383",
    "also": ["pytorch/pytorch#86589"],
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.copy_", "torch.Tensor.to", "torch.from_numpy"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#80859",
    "reported": [
        {"thread": "pytorch/pytorch#79383", "date": "2022-06-16"},
        {
            "thread": "pytorch/pytorch#80859",
            "date": "2022-07-05",
            "figures": {"cpu": [[0, 2, 4], [1, 3, 5]], "mps": [[0, 4, 3], [2, 1, 5]]},
        },
    ],
    "met_in": [
        "weights stored transposed, images as channels first and arrays transposed by NumPy, when they are moved (judged)"
    ],
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "when": ["src.device == cpu", "self.device == accel", "src.layout == permuted", "self.layout == permuted"],
        }
    ],
    "effect": "ignores-strides(result)",
    "absent": {"affected": "the threads as read name no version"},
}

import torch


def inputs():
    return (torch.arange(6.0).reshape(3, 2),)


def compute(device, x):
    return x.t().to(device)  # the move of the view is the call under test


def workaround(device, x):
    return x.t().contiguous().to(device)


def control(device, x):
    return x.to(device)


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
