"""`nn.BatchNorm2d` reads a channels-last tensor with a storage offset from the start of its memory.

For speed, an input in the order channels last is handed to the GPU as it lies in memory. The code drops the storage
offset on the way. PyTorch's developers say so of average pooling, which is in the same report; that batch norm is
wrong for the same reason is inferred. Nothing is raised.

You hit it where the tokens of a vision transformer become a map: `tokens[:, 1:]`, without the class token, reshaped
to (batch, height, width, channel) and permuted. The map is a view that keeps the offset of the slice. With several
images it also has gaps, which is a bug of its own (pytorch#180984). Neither an offset alone nor channels last alone is
wrong. Call `.contiguous()` before the norm.

Reported for 2.10.0 in February 2026. The fix that names the issue is about average pooling and is in 2.12.0; whether
it fixes batch norm too is not known, and the issue was open when last seen.
"""

BUG = {
    "issue": "pytorch/pytorch#174345",
    "also": ["pytorch/pytorch#175320", "pytorch/pytorch#175235", "pytorch/pytorch#180992"],
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.batch_norm"],
    "affected": "==2.10.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#174345", "date": "2026-02-05", "torch": "2.10.0"}],
    "met_in": ["spatial maps of patch tokens without the class token (thread)"],
    "caveat": "#175235 (2.12.0) names the issue, but its text is about average pooling.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["batch_norm"],
            "when": [
                "input.ndim == 4",
                "input.offset > 0",
                "input.layout == permuted",
                "input.stride.1 == 1",
                "input.stride.3 == input.size.1",
                "input.stride.2 == input.size.1 * input.size.3",
                "input.stride.0 >= input.size.1 * input.size.2 * input.size.3",
            ],
        }
    ],
    "effect": "ignores-offset(input)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 17, 8, generator=generator),)  # one image: a class token and 4 x 4 patches


def compute(device, tokens):
    image = tokens.to(device)[:, 1:].reshape(1, 4, 4, 8).permute(0, 3, 1, 2)  # a view, no copy
    return F.batch_norm(image, None, None, training=True)


def workaround(device, tokens):
    image = tokens.to(device)[:, 1:].reshape(1, 4, 4, 8).permute(0, 3, 1, 2).contiguous()
    return F.batch_norm(image, None, None, training=True)


def control(device, tokens):
    image = tokens.to(device)[:, :-1].reshape(1, 4, 4, 8).permute(0, 3, 1, 2)  # its place is the start
    return F.batch_norm(image, None, None, training=True)


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
