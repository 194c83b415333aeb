"""`torch.optim.Adam(fused=True)` steps where `GradScaler` has found infinity, and keeps its scale in.

`GradScaler` hands a fused optimizer two numbers: the scale of the gradients, and whether infinity or NaN was among
them. On Apple GPUs the kernel got neither. So gradients that hold infinity were applied instead of skipped, which
spoils the parameters for good, and right ones were applied with the scale still in them. Nothing is raised.

You hit it in mixed precision with `GradScaler` and `fused=True` together; the optimizer without `fused`, where the
scaler does both itself, is right.

The pull request that fixes it shows the bug; it was opened in June 2026, and the release notes of 2.13 list it. Fused
Adam came to Apple GPUs in 2024 (pytorch#127242); its review says that the kernel refused a found infinity, so the
first releases may raise an error instead. Which do is not known, nor whether fused AdamW and SGD are hit.
"""

BUG = {
    "issue": "pytorch/pytorch#186360",
    "kind": "wrong",
    "family": "optimizer",
    "ops": ["torch.optim.Adam"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#186360",
    "reported": [{"thread": "pytorch/pytorch#186360", "date": "2026-06-05"}],
    "met_in": ["mixed precision with torch.amp.GradScaler and Adam(fused=True) (judged)"],
    "caveat": "The snippet sets what the scaler would set.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["_fused_adam"], "when": ["found_inf.max > 0"]},
        {"op": ["_fused_adam"], "when": ["grad_scale.max != 1"]},
    ],
    "effect": "drops(found_inf)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    parameter, gradient = torch.randn(8, generator=generator), torch.randn(8, generator=generator)
    return parameter, gradient


def stepped(device, parameter, gradient, found, fused):
    parameter = parameter.to(device, copy=True).requires_grad_()
    parameter.grad = gradient.to(device, copy=True)
    optimizer = torch.optim.Adam([parameter], lr=0.1, fused=fused)
    if fused:
        optimizer.found_inf = torch.tensor(found, device=device)  # as GradScaler does
    if fused or not found:
        optimizer.step()
    return parameter


def compute(device, parameter, gradient):
    return stepped(device, parameter, gradient, found=1.0, fused=True)  # stays as it was


def workaround(device, parameter, gradient):
    return stepped(device, parameter, gradient, found=1.0, fused=False)  # the scaler itself skips the step


def control(device, parameter, gradient):
    return stepped(device, parameter, gradient, found=0.0, fused=True)


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
