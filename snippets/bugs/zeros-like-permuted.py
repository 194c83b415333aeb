"""`torch.zeros_like` of a permuted tensor returns what its memory held before, not zeros.

The new tensor gets the strides of the permuted one. The code that fills it writes zeros into a contiguous copy, and
the tensor itself is left as it was: in the report it shows the numbers of the source, or parts of a picture. Nothing
is raised. The fix is in the code that fills tensors (kulinseth/pytorch#302).

You hit it with pictures from PIL or torchvision, which are permuted when loaded, and by zero-ablation with
`torch.zeros_like(activation)`. So does Adam for a sparse autoencoder whose decoder begins as the transposed encoder
(seen on a CPU): its running means begin as `zeros_like` of the parameter. In the report an operation on the source
comes first, such as `x * 1.0`. Use `torch.zeros(x.shape, device=x.device)`.

Reported for 1.13.1; the fix was merged in February 2023, before 2.0 was cut. `rand_like` and `randn_like` showed it
too, and `rand_like` again in later versions (rand-like-permuted).
"""

BUG = {
    "issue": "pytorch/pytorch#94190",
    "also": ["pytorch/pytorch#124029", "kulinseth/pytorch#302"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.zeros_like"],
    "affected": ">=1.13.1,<2.0",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#94479",
    "reported": [
        {
            "thread": "pytorch/pytorch#94190",
            "date": "2023-02-06",
            "torch": "1.13.1",
            "figures": {"mps": "zeros_like prints the content of the source"},
        }
    ],
    "met_in": [
        "pictures from PIL or torchvision (thread)",
        "Adam, for a sparse autoencoder whose decoder begins as the transposed encoder",
        "zero-ablation of permuted activations (judged)",
    ],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["zeros_like"], "when": ["result.layout == permuted"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(3, 2, 2, generator=generator),)


def compute(device, picture):
    picture = picture.to(device).permute(2, 0, 1).clone()  # the order is kept
    _ = picture * 1.0  # an operation first, as in the report
    return torch.zeros_like(picture)


def workaround(device, picture):
    picture = picture.to(device).permute(2, 0, 1).clone()
    _ = picture * 1.0
    return torch.zeros(picture.shape, dtype=picture.dtype, device=picture.device)


def control(device, picture):
    picture = picture.to(device).clone()  # in the plain order
    _ = picture * 1.0
    return torch.zeros_like(picture)


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
