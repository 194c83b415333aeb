"""`x[x == 2] = -1` changes the wrong elements of a small matrix.

Of `[[1, 2, 2], [1, 2, 3]]` the three twos should become -1. On the GPU the first of them stays, and the 1 in the
first place becomes -1 instead. So one of the positions that the mask selects is taken as another; that the list of
positions is read before it is written is inferred. Nothing is raised.

You hit it where token ids are replaced, `ids[ids == pad] = eos`: one token stays, and another is lost. Write
`torch.where(x == 2, -1, x)`.

It was seen with PyTorch 2.2.2 on macOS 14.4.1; other values do the same, while a matrix whose first element is
selected comes out right. Those are the versions of `element-assign-macos-14-4-regression`, which 2.3 fixes, but no
thread says that it is the same fault. A mask in `x[mask]` reads a wrong element there too, of 2-D tensors alone
(pytorch#125100).
"""

BUG = {
    "issue": "pytorch/pytorch#126919",
    "also": ["pytorch/pytorch#122016", "pytorch/pytorch#124206", "pytorch/pytorch#125100"],
    "kind": "wrong",
    "family": "mask",
    "ops": ["torch.Tensor.__setitem__"],
    "affected": "==2.2.2",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "macos_note": "the report has macOS 14.4.1; whether other versions are hit is not known",
    "reported": [
        {
            "thread": "pytorch/pytorch#126919",
            "date": "2024-05-22",
            "torch": "2.2.2",
            "macos": "14.4.1",
            "figures": {"cpu": [[1, -1, -1], [1, -1, 3]], "mps": [[-1, 2, -1], [1, -1, 3]]},
        }
    ],
    "met_in": ["replacing pad or special token ids in a prompt (judged)"],
    "caveat": "That the first position alone is wrong, and 1-D tensors are right, is inferred from three reports; which sizes are hit is not known. The software model leaves the first two elements as they were.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["index_put"],
            "form": "inplace",
            "when": ["indices.dtype == bool", "self.ndim > 1", "values.numel == 1"],
        }
    ],
    "effect": "unwritten(result, first 2)",
}

import torch


def inputs():
    return (torch.tensor([[1, 2, 2], [1, 2, 3]]),)


def compute(device, x):
    x = x.to(device, copy=True)
    x[x == 2] = -1
    return x


def workaround(device, x):
    x = x.to(device)
    return torch.where(x == 2, -torch.ones_like(x), x)


def control(device, x):
    x = x.to(device, copy=True)
    return x.masked_fill_(x == 2, -1)


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
