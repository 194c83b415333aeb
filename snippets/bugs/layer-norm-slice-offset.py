"""`F.layer_norm` of a slice normalises the rows at the start of the tensor that it was cut from.

A slice such as `x[1:]` shares the memory of `x` and begins somewhere inside it. The kernel ignores where, and reads
from the start: `layer_norm(x[123:125])` gives what `layer_norm(x[0:2])` should give. The result is properly normalised,
but it is that of other rows. Nothing is raised.

You hit it where you normalise some positions alone, as a logit lens does: of a single prompt, `ln_f(hidden[:, -1:])`
gives the first token where you asked for the last. With more prompts that slice is not contiguous; PyTorch then
copies it first and is right. `.contiguous()` does not help, since the slice is contiguous already. `.clone()` does.

Reported in July 2024; the PyTorch version is not known. By the code of those days `layer_norm` hands its input, made
contiguous, to the kernel of batch norm, which skipped the check for the place in 2.4.0 and was fixed in 2.5.0
(pytorch#133520, pytorch#133610). That this is the same fault is inferred. Since 2.8.0 `layer_norm` has a kernel of
its own.
"""

BUG = {
    "issue": "pytorch/pytorch#131750",
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.layer_norm", "torch.nn.LayerNorm"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#131750",
            "date": "2024-07-25",
            "figures": {"equal_count_cpu": [0, 0, 4], "equal_count_mps": [4, 4, 4]},
        }
    ],
    "met_in": ["logit lens of the last positions of one prompt: ln_f(hidden[:, -1:]), with nn.LayerNorm (judged)"],
    "caveat": "Versions are inferred from batch norm, whose kernel layer_norm used: wrong in 2.4, right in 2.5.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["layer_norm"], "when": ["input.offset > 0", "input.layout == contiguous"]}],
    "effect": "ignores-offset(input)",
    "absent": {"affected": "the thread as stored names no version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 3, 8, generator=generator),)  # one prompt of three tokens


def compute(device, hidden):
    return F.layer_norm(hidden.to(device)[:, -1:], (8,))  # the last token, a view


def workaround(device, hidden):
    return F.layer_norm(hidden.to(device)[:, -1:].clone(), (8,))


def control(device, hidden):
    return F.layer_norm(hidden.to(device)[:, :1], (8,))  # the first token: its place is the start


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
