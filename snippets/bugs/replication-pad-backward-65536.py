"""The backward of `nn.ReplicationPad1d` and `ReplicationPad2d` is zero past 65,535 items.

Where the third dimension from the end, the batch of 1-D signals or the channels of images, has 65,536 items or more,
Apple's framework returns zeros for the gradient, says the author of a workaround. The forward pass is right, and
nothing is raised. Other dimensions may be that long.

You hit it with very many short signals in one batch. Split that dimension.

Reported in September 2024; the PyTorch version is not known. Whether the workaround, pytorch#152094, was merged is
not known. 2.13.0 computes this padding with PyTorch's own code (pytorch#183065), which may be the fix.
"""

BUG = {
    "issue": "pytorch/pytorch#135447",
    "also": ["pytorch/pytorch#183065"],
    "kind": "wrong",
    "family": "large",
    "ops": ["torch.nn.functional.pad"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#152094",
    "reported": [
        {"thread": "pytorch/pytorch#135447", "date": "2024-09-08"},
        {"thread": "pytorch/pytorch#152094", "date": "2025-04-24"},
    ],
    "met_in": ["very many short signals in one batch (judged)"],
    "caveat": "Whether #152094 was merged is not known. 2.13.0 moved replication padding to Metal (#183065), "
    "which may be the fix.",
    "caused_by": "macos",
    "open_as_stored": True,
    "stored_date": "2026-11-27",
    "trigger": [
        {"op": ["replication_pad1d_backward", "replication_pad2d_backward"], "when": ["self.size.-3 >= 65536"]}
    ],
    "effect": "sets(result, 0)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(65_536, 1, 4, generator=generator), torch.randn(65_536, 1, 6, generator=generator)


def gradient(pad, x, weight, device):
    x = x.to(device).requires_grad_()
    return torch.autograd.grad((pad(x) * weight.to(device)).sum(), x)[0]


def compute(device, x, weight):
    return gradient(torch.nn.ReplicationPad1d(1), x, weight, device)


def workaround(device, x, weight):
    pad = torch.nn.ReplicationPad1d(1)
    return gradient(lambda x: torch.cat([pad(half) for half in x.chunk(2)]), x, weight, device)


def control(device, x, weight):
    return gradient(lambda x: torch.nn.ReplicationPad1d(1)(x[:65_535]), x, weight[:65_535], device)


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
