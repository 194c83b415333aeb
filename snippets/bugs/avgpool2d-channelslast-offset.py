"""`F.avg_pool2d` of a `channels_last` view averages the elements at the start of its memory.

A view that begins later in memory, such as the patch tokens behind a class token, is read from the start all the same
when its strides are those of `channels_last`. The averages belong to other places. Nothing is raised. Without an
offset, or in the plain order, the result is right. So is a picture that became a batch of one by `[None]`: its first
stride is not that of `channels_last`.

You hit it when you turn the tokens of a vision transformer into a map and pool it: `tokens[:, 1:]`, reshaped and
permuted, is exactly such a view where the batch holds one image. With several images it also has gaps, which is a bug
of its own (pytorch#180984). Call `.contiguous()` before the pooling.

Why: the fast path for `channels_last` makes its array without the strides and dropped the offset, says the author of
the fix. The thread, of February 2026, shows it on 2.10.0, and the same for `BatchNorm2d`, which is a bug of its own
here. The release notes of 2.12 list the fix (pytorch#175235). Since when it was wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#174345",
    "also": ["pytorch/pytorch#175320"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.functional.avg_pool2d"],
    "affected": ">=2.10.0,<2.12",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#175235",
    "reported": [{"thread": "pytorch/pytorch#174345", "date": "2026-02-05", "torch": "2.10.0"}],
    "met_in": ["maps of the patch tokens of a vision transformer, without the class token (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["avg_pool2d"],
            "when": [
                "self.ndim == 4",
                "self.offset > 0",
                "self.layout == permuted",
                "self.stride.1 == 1",
                "self.stride.3 == self.size.1",
                "self.stride.2 == self.size.1 * self.size.3",
                "self.stride.0 >= self.size.1 * self.size.2 * self.size.3",
            ],
        }
    ],
    "effect": "ignores-offset(self)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 17, 8, generator=generator),)  # one image: a class token, then 4 x 4 patches


def patches(tokens):
    return tokens[:, 1:].unflatten(1, (4, 4)).permute(0, 3, 1, 2)  # a view: (batch, channel, height, width)


def compute(device, tokens):
    return F.avg_pool2d(patches(tokens.to(device)), 2)


def workaround(device, tokens):
    return F.avg_pool2d(patches(tokens.to(device)).contiguous(), 2)


def control(device, tokens):
    return F.avg_pool2d(tokens.to(device)[:, :16].unflatten(1, (4, 4)).permute(0, 3, 1, 2), 2)  # from the start


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
