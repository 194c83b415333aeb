"""`F.conv3d` is wrong for an input in `channels_last_3d` order.

Since 2.5 PyTorch hands Apple's framework the strides of a tensor on macOS 15 and later (pytorch#128393), and for the
3-D convolution those of `channels_last_3d` are misread (inferred): the output is noise. Nothing is raised;
`.contiguous()` before the call fixes it, and the fix does just that.

You hit it in video models. LTX Video in ComfyUI made nothing but noise. 2.4.1 is right on the same machine.

It was seen on 2.5.1 with macOS 15.2. The release notes of 2.6 list the fix (pytorch#141780).
"""

BUG = {
    "issue": "pytorch/pytorch#141471",
    "also": ["Lightricks/ComfyUI-LTXVideo#43", "pytorch/pytorch#128393"],
    "kind": "wrong",
    "family": "conv-pool",
    "ops": ["torch.nn.Conv3d", "torch.nn.functional.conv3d"],
    "introduced": {"version": "2.5", "basis": "thread"},
    "affected": ">=2.5.1,<2.6",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#141780",
    "macos": ">=15",
    "reported": [{"thread": "pytorch/pytorch#141471", "date": "2024-11-25", "torch": "2.5.1", "macos": "15.2"}],
    "met_in": ["ComfyUI: LTX Video (thread)"],
    "caveat": "2.4.1 is right on the same machine.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {
            "op": ["conv3d"],
            "when": [
                "input.ndim == 5",
                "input.layout == permuted",
                "input.stride.1 == 1",
                "input.stride.4 == input.size.1",
            ],
        }
    ],
    "effect": "ignores-strides(input)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 3, 4, 5, 6, generator=generator), torch.randn(2, 3, 3, 3, 3, generator=generator)


def compute(device, x, weight):
    x = x.to(device).contiguous(memory_format=torch.channels_last_3d)
    return F.conv3d(x, weight.to(device))


def workaround(device, x, weight):
    x = x.to(device).contiguous(memory_format=torch.channels_last_3d)
    return F.conv3d(x.contiguous(), weight.to(device))


def control(device, x, weight):
    return F.conv3d(x.to(device), weight.to(device))  # the plain order


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
