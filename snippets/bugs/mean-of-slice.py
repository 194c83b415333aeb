"""`torch.mean` of a slice of a slice is wrong for some shapes.

With `m` of shape (3, 5, 2), the mean of `m[1][:2]` is wrong, though printing the slice shows the right numbers; with
shape (3, 4, 2) all such means are right. Nothing is raised. What sets them apart fits the place where the slice
begins: it is wrong where that is no multiple of the number of elements in the slice, which here is the same as 16
bytes (inferred). Which numbers are averaged instead is not known.

You hit it when you average activations over the first positions of one prompt. Call `.clone()` on the slice before
the mean.

Reported on 13 February 2023 for a development build of 2.0 of the 5th, on an M1 Pro. On the 18th a contributor found it
right on the main branch. Whether 2.0, whose branch was cut on the 15th, has that change is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#94753",
    "kind": "wrong",
    "family": "offset",
    "ops": ["torch.mean"],
    "affected": "==2.0.0.dev20230205",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#94753", "date": "2023-02-13", "torch": "2.0.0.dev20230205", "chip": "M1 Pro"}
    ],
    "met_in": ["mean activation over the first positions of one prompt (judged)"],
    "caveat": "The condition is inferred from the two shapes of one report.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["mean"],
            "when": [
                "self.layout == contiguous",
                "self.ndim > 1",
                "self.offset not-multiple-of self.numel",
                "self.offset * self.itemsize not-multiple-of 16",
            ],
        }
    ],
    "effect": "ignores-offset(self)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(3, 5, 2, generator=generator),)  # prompts, positions, features


def compute(device, m):
    return m.to(device)[1][:2].mean(dim=0)  # begins at element 10


def workaround(device, m):
    return m.to(device)[1][:2].clone().mean(dim=0)


def control(device, m):
    return m.to(device)[0][:2].mean(dim=0)


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
