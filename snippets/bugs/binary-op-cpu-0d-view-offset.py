"""`mps_tensor * cpu_vector[i]` multiplies by `cpu_vector[0]`, whatever `i` is.

PyTorch lets you combine a 0-dim CPU tensor with a tensor on another device. The kernel for Apple GPUs is handed the
start of that scalar's storage instead of its place in it, so an element of a CPU vector, which is a view with a
storage offset, is read as element 0. Addition, subtraction and division do the same, in place too and with the scalar
on either side. Nothing is raised.

You hit it when a table of strengths stays on the CPU and is indexed in a loop: every step of the sweep uses the first
strength, and the sweep looks flat. It broke noise schedules of diffusion models. Take the number out first,
`cpu_vector[i].item()`. A float64 scalar took another branch, which the fix's author found right.

It was found in PyTorch 2.12.0. A maintainer's table has 2.13.0 wrong and 2.14.0 right. When it began is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#187117",
    "also": [
        "pytorch/pytorch#191929",
        "pytorch/pytorch#193057",
        "pytorch/pytorch#195008",
        "huggingface/diffusers#14368",
    ],
    "kind": "wrong",
    "family": "offset",
    "affected": ">=2.12,<2.14",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#187229",
    "reported": [
        {"thread": "pytorch/pytorch#187117", "date": "2026-06-12", "torch": "2.12.0", "figures": {"max_abs": 3.4439}},
        {
            "thread": "pytorch/pytorch#191929",
            "date": "2026-08-03",
            "figures": {"right": [36, 8, 28], "got": [36, 36, 36]},
        },
        {"thread": "huggingface/diffusers#14368", "date": "2026-08-03", "figures": {"nan": "4096 of 4096"}},
        {
            "thread": "pytorch/pytorch#195008",
            "date": "2026-08-28",
            "torch": "2.13.0",
            "figures": {"right": 5, "got": 1},
        },
    ],
    "met_in": [
        "activation steering: resid + strengths[i] * vector with strengths on the CPU (judged)",
        "diffusers: IPNDMScheduler",
    ],
    "danger": 20,
    "trigger": [
        {"op": ["mul", "div", "add", "sub"], "when": ["other.device == cpu", "other.ndim == 0", "other.offset > 0"]}
    ],
    "effect": "ignores-offset(other)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(64, generator=generator)
    strengths = torch.tensor([8.0, -1.0, 3.0, 0.5])
    return vector, strengths


def compute(device, vector, strengths):
    return vector.to(device) * strengths[2]  # the scalar stays on the CPU: 0-dim, storage offset 2


def workaround(device, vector, strengths):
    return vector.to(device) * strengths[2].item()


def control(device, vector, strengths):
    return vector.to(device) * strengths[0]  # the same call at offset 0


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
