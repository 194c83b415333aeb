"""`F.batch_norm` of a slice normalises the rows at the start of the tensor that it was cut from.

A contiguous slice such as `x[5:]` is the memory of `x` from some place on. The code asked only whether the input is
contiguous, and then skipped the step that takes its place into account, so the GPU reads from the start of `x`.
Nothing is raised. A slice that is not contiguous, `x[:, 3:]`, is copied first and is right by the same source.

You hit it where a batch is split, `for part in x.split(8): norm(part)`: each part gets the numbers of the first one.
The first part itself is right. Call `.clone()`; `.contiguous()` does nothing, since the slice is contiguous already.

The reporter's search through the versions found 2.3.1 right and a nightly of August 2024 wrong; 2.4.0 is wrong, and
the fix is in 2.5.0. By the code of those days `layer_norm` had the same fault (layer-norm-slice-offset).
"""

BUG = {
    "issue": "pytorch/pytorch#133520",
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.batch_norm"],
    "introduced": {"version": "2.4", "basis": "thread"},
    "affected": ">=2.4.0,<2.5",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#133610",
    "reported": [{"thread": "pytorch/pytorch#133520", "date": "2024-08-14", "torch": "2.4.0"}],
    "met_in": ["FLUX in diffusers, whose output led to it (thread)", "a batch normalised part by part (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["batch_norm"], "when": ["input.offset > 0", "input.layout == contiguous"]}],
    "effect": "ignores-offset(input)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(6, 3, 2, 2, generator=generator),)


def compute(device, batch):
    return F.batch_norm(batch.to(device)[2:], None, None, training=True)  # a view that is contiguous


def workaround(device, batch):
    return F.batch_norm(batch.to(device)[2:].clone(), None, None, training=True)


def control(device, batch):
    return F.batch_norm(batch.to(device)[:4], None, None, training=True)  # its place is the start


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
