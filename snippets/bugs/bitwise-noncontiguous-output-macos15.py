"""`z[:, 0] ^= 1` and other bitwise operations in place write into the wrong places.

The result is written from front to back, as if the destination were contiguous. Of ten rows of zeros, `z[:, 0] ^=
1` should set the first column; it set both columns of the first five rows instead. Nothing is raised. The same
holds for `&=`, `|=` and for `out=` a tensor that is not contiguous.

You hit it when you flip one column of a boolean or integer mask in place. `z[:, 0] = z[:, 0] ^ 1` is right.

A change for macOS 15 in PyTorch 2.5, after which views need no copies there, took away the copy that these kernels
still needed (pytorch#128393, as pytorch#146085 says). So 2.5 and 2.6 are wrong on macOS 15 and newer; 2.7 has the
fix. A view with gaps that `bitwise_not_` writes to had the same fault and its own fix (pytorch#151460).
"""

BUG = {
    "issue": "pytorch/pytorch#145203",
    "also": ["pytorch/pytorch#128393"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.bitwise_xor_", "torch.bitwise_and", "torch.bitwise_or", "torch.bitwise_xor"],
    "introduced": {"version": "2.5", "basis": "release notes"},
    "affected": ">=2.5,<2.7",
    "basis": {"seen": "release notes", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#146085",
    "macos": ">=15",
    "reported": [
        {
            "thread": "pytorch/pytorch#145203",
            "date": "2025-01-20",
            "figures": {"cpu": "ten rows [1,0]", "mps": "five rows [1,1], five rows [0,0]"},
        }
    ],
    "met_in": ["flipping one column of a boolean or integer mask in place (judged)"],
    "caused_by": "both",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["bitwise_and", "bitwise_or", "bitwise_xor"], "form": "inplace", "when": ["self.layout != contiguous"]},
        {"op": ["bitwise_and", "bitwise_or", "bitwise_xor"], "form": "out", "when": ["result.layout != contiguous"]},
    ],
    "effect": "ignores-strides(result)",
}

import torch


def inputs():
    return (torch.zeros(10, 2, dtype=torch.int16),)


def compute(device, z):
    z = z.to(device, copy=True)
    z[:, 0] ^= 1  # a column: not contiguous
    return z


def workaround(device, z):
    z = z.to(device, copy=True)
    z[:, 0] = z[:, 0] ^ 1
    return z


def control(device, z):
    z = z.to(device, copy=True)
    z[0] ^= 1  # a row: contiguous
    return z


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
