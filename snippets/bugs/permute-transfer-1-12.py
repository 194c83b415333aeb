"""`x.permute(1, 0).to("mps").cpu()` returns other values.

A CPU tensor in another order of dimensions keeps its strides when it is moved, but its numbers are laid down as if
it had none: `[[0, 0], [0, 0], [1, 1]]` came back as `[[0, 0], [0, 1], [0, 1]]`. Nothing is raised. The reporter
found images that came back empty from the device.

You hit it when you turn an image from height, width and channels to channels first and then move it. Call
`.contiguous()` before the move.

Reported on PyTorch 1.12.1, M1 Pro, macOS 12.6, for whole numbers. It is the picture of pytorch#79383, number by
number, whose fix is pytorch#80859; that this is the same fault is inferred. Which release has the fix is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#86589",
    "also": ["pytorch/pytorch#79383"],
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.permute", "torch.Tensor.to"],
    "affected": "==1.12.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#86589",
            "date": "2022-10-10",
            "torch": "1.12.1",
            "macos": "12.6",
            "chip": "M1 Pro",
            "figures": {"cpu": [[0, 0], [0, 0], [1, 1]], "mps": [[0, 0], [0, 1], [0, 1]]},
        }
    ],
    "met_in": ["images turned to channels first before they are moved (pytorch#86589)"],
    "caveat": "#80859 and #86056 fix copies of this kind; neither names the thread.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "when": ["src.device == cpu", "self.device == accel", "src.layout == permuted", "self.layout == permuted"],
        }
    ],
    "effect": "ignores-strides(result)",
}

import torch


def inputs():
    return (torch.tensor([[0, 0, 1], [0, 0, 1]]),)


def compute(device, x):
    return x.permute(1, 0).to(device).cpu()  # the move of the view is the call under test


def workaround(device, x):
    return x.permute(1, 0).contiguous().to(device).cpu()


def control(device, x):
    return x.to(device).cpu()


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
