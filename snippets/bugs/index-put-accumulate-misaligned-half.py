"""`index_put_` with `accumulate=True` fails silently on a misaligned view of a 16-bit or 8-bit tensor.

A half-precision number takes two bytes, but the GPU adds in words of four. For a view that does not start at a
multiple of four bytes, such as `sums[1:]`, the addition is undefined and fails silently, says pytorch#176009. What
the tensor then holds is not known; for booleans, whose code had the same fault longer, the numbers landed before the
view (pytorch#195081).

You hit it when you accumulate into one row of a half-precision buffer with an odd number of columns. A clone of the
view is right, and so is float32.

Half precision came here with 2.8 (pytorch#151869), small whole numbers with 2.9 (pytorch#158179). 2.12.0 has the fix.
That pull request is about `index_reduce`, new in 2.12 itself; that the helper behind `index_put_` was corrected with
it is said by pytorch#195081.
"""

BUG = {
    "issue": "pytorch/pytorch#176009",
    "also": ["pytorch/pytorch#195081", "pytorch/pytorch#151869", "pytorch/pytorch#158179"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.index_put_"],
    "introduced": {"version": "2.8", "basis": "release notes"},
    "affected": "<2.12",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#176009",
    "reported": [{"thread": "pytorch/pytorch#176009", "date": "2026-02-27"}],
    "met_in": ["accumulating into one row of a half-precision buffer (judged)"],
    "caveat": "The thread is about index_reduce; that the helper for index_put_ was fixed too is said by #195081.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {
            "op": ["index_put"],
            "form": "inplace",
            "when": [
                "self.dtype in float16,bfloat16,int16,int8,uint8",
                "self.offset * self.itemsize not-multiple-of 4",
                "accumulate.value == true",
            ],
        }
    ],
    "effect": "unwritten(result)",
    "dtypes": ["float16", "bfloat16"],
}

import torch


def inputs():
    return torch.zeros(9), torch.tensor([0, 2]), torch.tensor([3.0, 4.0])


def compute(device, sums, index, acts):
    sums = sums.to(device)
    sums[1:].index_put_((index.to(device),), acts.to(device), accumulate=True)
    return sums


def workaround(device, sums, index, acts):
    sums = sums.to(device)
    sums[1:] = sums[1:].clone().index_put_((index.to(device),), acts.to(device), accumulate=True)
    return sums


def control(device, sums, index, acts):
    sums = sums.to(device)
    sums[2:].index_put_((index.to(device),), acts.to(device), accumulate=True)  # a multiple of four bytes
    return sums


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU; inputs in the dtype of the turn
        tensors = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in inputs()]
        outputs = function(*where, *map(precision, tensors))
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
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
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
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
