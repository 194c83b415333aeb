"""`torch.cumsum` of a boolean mask wraps around after 127 and goes on at -128.

A boolean tensor is summed in 8 bits, and only the finished sum is widened to int64. So from the 128th `True` on the
result is 256 too small, then 512, and so on. The dtype of the result is int64 as it should be; nothing is raised.
Passing `dtype=torch.int64`, or a mask of integers, is right.

You hit it where positions are counted along a mask that is still boolean, `mask.cumsum(-1) - 1`, for prompts of more
than 127 tokens: they then get negative positions, or those of other tokens. RoBERTa in Transformers makes the mask
whole numbers before it counts.

It was seen in a build of March 2023 on macOS 13.3, and again in May 2024 by the author of the fix, which makes the
mask int32 first. The fix was approved on 2 May 2024, six weeks before the branch of PyTorch 2.4 was cut; that it
landed there is likely, but not known. Which releases before it are affected is not known either.
"""

BUG = {
    "issue": "pytorch/pytorch#96614",
    "also": ["pytorch/pytorch#96610", "tincans-ai/gazelle#1"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.cumsum"],
    "affected": "==2.1.0.dev20230311",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#125318",
    "reported": [
        {
            "thread": "pytorch/pytorch#96614",
            "date": "2023-03-12",
            "torch": "2.1.0.dev20230311",
            "macos": "13.3",
            "figures": {"mismatched": "1619/2000", "greatest_abs_difference": 768},
        },
        {
            "thread": "pytorch/pytorch#125318",
            "date": "2024-05-01",
            "figures": {"ones(128).cumsum last": -128},
        },
    ],
    "met_in": ["position ids from a boolean mask (judged)", "Gazelle (speech and language), repaired in April 2024"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["cumsum"], "when": ["self.dtype == bool", "dtype.given == false", "self.size.dim > 127"]}],
    "effect": "rounds(result, int8)",
}

import torch


def inputs():
    mask = torch.ones(2, 200, dtype=torch.bool)
    mask[0, :3] = False  # padding on the left
    return (mask,)


def compute(device, mask):
    return mask.to(device).cumsum(-1) - 1  # the position of each token


def workaround(device, mask):
    return mask.to(device).cumsum(-1, dtype=torch.int64) - 1


def control(device, mask):
    return mask.to(device)[:, :100].cumsum(-1) - 1  # a short prompt


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
