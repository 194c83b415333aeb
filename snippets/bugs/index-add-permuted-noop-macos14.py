"""`index_add_` leaves a permuted tensor unchanged on macOS 14.

On a view in another order, such as `x.permute(1, 0, 2)`, `index_add_` changed nothing. macOS 15 and later are right.

Why (inferred from the code and the fix): before macOS 15 the result for such a tensor is computed into a temporary
contiguous copy, which was never written back. Since 2.9 whole numbers of 64 bits and complex numbers use other code,
and so does everything under `torch.use_deterministic_algorithms(True)`; they are right.

You hit it when you add gradients or activations into a buffer per feature, and the buffer is permuted. Add to a
contiguous tensor, or update macOS.

PyTorch 2.12.0 has the fix (pytorch#176171), which copies the result back. Its title names `masked_fill`; the
issue that it closes shows `index_add_` alone. By the same code a contiguous slice that does not start at the start of
its memory is hit as well (inferred). Since when is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#176159",
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.index_add_"],
    "affected": "<2.12",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#176171",
    "macos": ">=14,<15",
    "macos_note": "right on macOS 15 and later",
    "reported": [
        {
            "thread": "pytorch/pytorch#176159",
            "date": "2026-03-02",
            "macos": "14",
            "figures": {"cpu": "changed", "mps": "unchanged (macOS 14)"},
        }
    ],
    "met_in": ["gradients or activations added into a permuted buffer (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["index_add"],
            "form": "inplace",
            "when": [
                "self.layout != contiguous",
                "source.dtype in float16,bfloat16,float32,bool,uint8,int8,int16,int32",
            ],
        }
    ],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    return torch.ones(3, 4, 5), torch.tensor([1, 3, 0, 0, 3, 0]), torch.ones(3, 6, 5)


def compute(device, x, index, source):
    x, source = x.to(device).permute(1, 0, 2), source.to(device).permute(1, 0, 2)
    return x.index_add_(0, index.to(device), source)


def workaround(device, x, index, source):
    x, source = x.to(device).permute(1, 0, 2).contiguous(), source.to(device).permute(1, 0, 2)
    return x.index_add_(0, index.to(device), source)


def control(device, x, index, source):
    return x.to(device).index_add_(1, index.to(device), source.to(device))  # the same in the plain order


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
