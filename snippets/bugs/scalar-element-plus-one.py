"""`d[1] + 1` gives the value of `d[0] + 1`.

An element picked from a tensor on the GPU is a view without dimensions. Arithmetic with a plain number read it at
the start of the tensor: with 6343, 1605 and 28616 in `d`, both `d[1] + 1` and `d[2] + 1` were 6344. Printing the
element showed the right value. Nothing is raised. The report says that other arithmetic is wrong as well.

You hit it when you compute with single logits or losses, such as `logits[target] - 1`. Write `d[1].clone() + 1` or
`d[1].item() + 1`.

Reported in May 2023 on an M2; the versions of PyTorch and macOS are not known. The fix is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#100370",
    "kind": "wrong",
    "family": "offset",
    "ops": ["torch.Tensor.__getitem__", "torch.add"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#100370",
            "date": "2023-05-01",
            "chip": "M2",
            "figures": {"cpu": [1606, 28617], "mps": [6344, 6344], "d0": 6343},
        }
    ],
    "met_in": ["arithmetic with a single logit picked by index (judged)"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["add", "sub", "mul", "div"],
            "when": ["self.ndim == 0", "self.offset > 0", "self.device == accel", "other.tensor == false"],
        }
    ],
    "effect": "ignores-offset(self)",
    "absent": {"affected": "the thread as read names no version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(3, generator=generator),)


def compute(device, d):
    return d.to(device)[1] + 1


def workaround(device, d):
    return d.to(device)[1].clone() + 1


def control(device, d):
    return d.to(device)[0] + 1


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
