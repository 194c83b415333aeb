"""`ids[10] = new` writes to element 0 if `new` has another dtype.

The copy also has to convert, here from int64 to int32, and writes its result to the start of the storage instead of
the place that was indexed. In the report a new token id went over the first one of the prompt and its own place
stayed 0. Nothing is raised.

You hit it when generated token ids are written into a prompt of int32, since `argmax` and `multinomial` give int64.
LIT-LLaMA did so and then wrote the plain number, `idx[t] = idx_next.item()` (Lightning-AI/lit-llama#298).
Converting first is right too.

Reported on PyTorch 2.0.1, M1 Max, macOS 13.4; the reporter thought that it may hang on the versions of Python and
PyTorch. It is most likely the fault of pytorch#95417 with one element in place of a slice (inferred), whose fix is
in 2.1.
"""

BUG = {
    "issue": "pytorch/pytorch#101936",
    "also": ["pytorch/pytorch#95417", "Lightning-AI/lit-llama#298"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.__setitem__"],
    "affected": "==2.0.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#101936",
            "date": "2023-05-20",
            "torch": "2.0.1",
            "macos": "13.4",
            "chip": "M1 Max",
            "figures": {"expected": "a[10]=1568, a[0]=31843", "mps": "a[0]=1568, a[10]=0"},
        }
    ],
    "met_in": ["LIT-LLaMA generation: idx[t] = idx_next, int64 into int32 (Lightning-AI/lit-llama#298)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "form": "inplace",
            "when": [
                "self.device == accel",
                "src.device == accel",
                "self.offset > 0",
                "self.layout == contiguous",
                "self.dtype != src.dtype",
            ],
        }
    ],
    "effect": "ignores-offset(self)",
}

import torch


def inputs():
    return torch.tensor([31843, 16644, 31844, 0, 0], dtype=torch.int32), torch.tensor([1568])


def compute(device, ids, new):
    ids = ids.to(device, copy=True)
    ids[3] = new.to(device)  # int64 into int32
    return ids


def workaround(device, ids, new):
    ids = ids.to(device, copy=True)
    ids[3] = new.to(device).to(ids.dtype)
    return ids


def control(device, ids, new):
    ids = ids.to(device, copy=True)
    ids[0] = new.to(device)
    return ids


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
