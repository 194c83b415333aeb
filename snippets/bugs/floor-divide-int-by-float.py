"""`torch.floor_divide` of an integer tensor by a float tensor returns integers.

`torch.arange(10) // torch.arange(10.0)` has the dtype of both together, float32, on the CPU. On the GPU it has that
of the first, int64: in the source before the fix the result is made like the first operand, and the quotient is cast
to it. Quotients that no integer can hold, such as those by zero, are lost; a later step that expects floats works in
integers. Nothing is raised.

You hit it with positions or counts divided by a float tensor. Convert the first operand to a float, `x.float() // y`.

PyTorch 2.8 has the fix, of March 2025 (pytorch#149233). It names no version; which releases before 2.8 are wrong is
not known. By the same source a half tensor divided by a float32 tensor stays half.
"""

BUG = {
    "issue": "pytorch/pytorch#149233",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.floor_divide"],
    "affected": "<2.8",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#149233",
    "reported": [{"thread": "pytorch/pytorch#149233", "date": "2025-03-14"}],
    "met_in": ["positions or counts divided by a tensor of floats (judged)"],
    "caveat": "On a Mac the dtype of the result is wrong too; the software model takes its values through int64 alone.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {
            "op": ["floor_divide"],
            "when": ["self.dtype in uint8,int8,int16,int32,int64", "other.dtype in float16,bfloat16,float32"],
        }
    ],
    "effect": "rounds(result, int64)",
}

import torch


def inputs():
    return torch.arange(10), torch.arange(10.0)


def compute(device, x, y):
    return x.to(device) // y.to(device)  # the first is 0 / 0


def workaround(device, x, y):
    y = y.to(device)
    return x.to(device).to(y.dtype) // y


def control(device, x, y):
    return y.to(device) // x.to(device)  # the float first


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
