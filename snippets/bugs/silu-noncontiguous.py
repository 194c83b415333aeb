"""`F.silu` of a permuted tensor returns random values, zeros or NaN before macOS 15.

The result of a permuted input is permuted too. Before macOS 15 the GPU writes it into a contiguous copy, and the code
of that time never copies it back, so that the caller sees what the memory held before (read in the source). Nothing
is raised. A slice with gaps, such as one half of a fused projection, gets a contiguous result and is right by the
same source.

You hit it where SiLU follows a transpose: the report comes from Pyramid Flow, a video model, and the gate of Mamba in
transformers 5.24 is such a view (seen on a CPU). Llama, Mixtral and a UNet hand SiLU contiguous tensors. Call
`.contiguous()` before it.

Fixed in October 2024, in the release notes of 2.6.0. The fix names no affected version; since when SiLU was wrong is
not known. The gradient of SiLU had the same fault for longer (activation-backward-permuted).
"""

BUG = {
    "issue": "pytorch/pytorch#139006",
    "also": ["pytorch/pytorch#123049", "jy0205/Pyramid-Flow#113"],
    "kind": "nondeterministic",
    "family": "strides",
    "ops": ["torch.nn.functional.silu"],
    "affected": "<2.6",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#139006",
    "macos": "<15",
    "reported": [{"thread": "pytorch/pytorch#139006", "date": "2024-10-27"}],
    "met_in": ["Pyramid Flow, a video model (thread)", "transformers: MambaModel without its fast kernels"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["silu"], "when": ["result.layout != contiguous"]}],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(2, 6, 4, generator=generator),)  # (batch, channel, position)


def compute(device, x):
    return F.silu(x.to(device).transpose(1, 2))


def workaround(device, x):
    return F.silu(x.to(device).transpose(1, 2).contiguous())


def control(device, x):
    return F.silu(x.to(device)[:, :3])  # a slice with gaps: its result is contiguous


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
