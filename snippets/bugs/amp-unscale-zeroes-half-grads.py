"""`GradScaler` sets all bfloat16 gradients to zero, so that the model does not train.

Before a step `GradScaler` divides all gradients by its scale in one call. The kernel for Apple GPUs expects the factor
in the dtype of the gradients, but is handed a float32 and reads only its first two bytes. Those are zero in a power of
two, which the scale is unless you choose another. So every gradient becomes zero, the optimizer changes nothing, and
the loss stays where it is. Nothing is raised, and no step is counted as skipped.

You hit it with `torch.amp.GradScaler("mps")` where the parameters themselves are bfloat16, as after `.bfloat16()` or
`from_pretrained(…, dtype=torch.bfloat16)`: in the thread the loss of a linear layer stays at 1.789 while the CPU's
falls. Keep the parameters in float32 and use `torch.autocast`: their gradients are float32 and right. For float16
parameters the kernel is as wrong, but there `GradScaler` raises first, unless the optimizer is fused.

The kernel came with PyTorch 2.8.0 (pytorch#150255), and 2.13.0 computes in float32 instead. That the releases
between have the fault is inferred from the code; none was named in a thread.
"""

BUG = {
    "issue": "pytorch/pytorch#184286",
    "also": ["pytorch/pytorch#150255"],
    "kind": "wrong",
    "family": "optimizer",
    "ops": ["torch.amp.GradScaler"],
    "introduced": {"version": "2.8", "basis": "release notes"},
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184286",
    "reported": [
        {
            "thread": "pytorch/pytorch#184286",
            "date": "2026-05-18",
            "figures": {"cpu_loss": "1.789 down to 1.3125 in 20 steps", "mps_loss": "1.7890625 at every step"},
        }
    ],
    "met_in": ["torch.amp.GradScaler with a model in bfloat16: fine-tuning, probes, sparse autoencoders (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["_amp_foreach_non_finite_check_and_unscale"], "when": ["self.dtype in float16,bfloat16"]},
    ],
    "effect": "sets(inv_scale, 0)",
    "dtypes": ["bfloat16"],
}

import torch


def inputs():
    return (torch.tensor([8.0, -24.0, 40.0, 4.0]),)  # exact in bfloat16, and so is an eighth of them


def unscaled(gradient):  # what GradScaler.unscale_ and GradScaler.step call, for a scale of 8
    inv_scale = torch.tensor(1 / 8, dtype=torch.float32, device=gradient.device)
    found_inf = torch.zeros(1, dtype=torch.float32, device=gradient.device)
    torch._amp_foreach_non_finite_check_and_unscale_([gradient], found_inf, inv_scale)
    return gradient


def compute(device, gradient):
    return unscaled(gradient.to(device, copy=True))


def workaround(device, gradient):  # parameters in float32, with torch.autocast for the speed
    return unscaled(gradient.to(device, torch.float32, copy=True)).to(gradient.dtype)


def control(device, gradient):
    return unscaled(gradient.to(device, torch.float32, copy=True))


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU; inputs in the dtype of the turn
        tensors = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in inputs()]
        outputs = function(*where, *map(precision, tensors))
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
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
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
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
