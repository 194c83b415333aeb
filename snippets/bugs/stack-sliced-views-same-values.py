"""`torch.stack` of two slices repeats the first slice.

`stack` gives each tensor one more dimension and joins them. A slice that is contiguous but starts inside its base,
once unsqueezed, was read from the start of the base (pytorch#91071), so all slices come out with the values of the
first. Shape and dtype are right and nothing is raised.

You hit it when you stack pieces of one tensor: two halves of a vector, or one position out of each cached activation.
Call `.clone()` on the slices; `.contiguous()` changes nothing, since they are contiguous already. Batches of labels
kept on the device showed the same picture, the first label repeated (pytorch#92265, pytorch#93356).

It was seen on a development build of 1.14, which became 2.0, on macOS 12.3.1; the reporter thinks that older versions
have it too. The fix was picked into the branch of 2.0 (pytorch#95323, inferred from its date and kind). In August 2023
a DataLoader over labels on the device repeated the first label again (pytorch#108045); of which version that is, and
whether the cause is the same, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#87856",
    "also": [
        "pytorch/pytorch#91071",
        "pytorch/pytorch#91065",
        "pytorch/pytorch#92265",
        "pytorch/pytorch#93356",
        "pytorch/pytorch#108045",
    ],
    "kind": "wrong",
    "family": "offset",
    "affected": ">=1.14.0.dev20221027,<2.0",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#95323",
    "reported": [
        {
            "thread": "pytorch/pytorch#87856",
            "date": "2022-10-27",
            "torch": "1.14.0.dev20221027",
            "macos": "12.3.1",
            "figures": {"cpu": [1, 2], "mps": [1, 1]},
        }
    ],
    "met_in": [
        "TransformerLens: ActivationCache.decompose_resid(pos_slice=-1) on one prompt stacks such slices",
        "two halves of one vector (judged)",
    ],
    "trigger": [{"op": ["stack"], "when": ["tensors.offset > 0"]}],
    "effect": "ignores-offset(tensors)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(64, generator=generator),)


def compute(device, x):
    x = x.to(device)
    return torch.stack((x[:32], x[32:]), dim=-1)  # the second half is contiguous, with a storage offset of 32


def workaround(device, x):
    x = x.to(device)
    return torch.stack((x[:32].clone(), x[32:].clone()), dim=-1)


def control(device, x):
    first, second = x[:32].clone(), x[32:].clone()  # two tensors of their own before they reach the device
    return torch.stack((first.to(device), second.to(device)), dim=-1)


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
