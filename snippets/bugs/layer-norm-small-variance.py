"""`F.layer_norm` takes the variance of a row as zero where it is below 1e-6.

A row that really varies so little is divided by the square root of `eps` alone. With an `eps` of 1e-12, as models of
the ViT family have it, the result is up to 1,000 times too large; the report has -990 where -1 is right. With the
usual 1e-5 it is up to 5 % too large. Nothing is raised.

You hit it where activations are small: embeddings and the first layers, or features in other units. Subtract the mean
and divide by the standard deviation yourself.

The Metal kernel for `layer_norm` came with 2.8.0; 2.14.0 has that of the fix, which subtracts the mean first (told
apart in the macOS wheels). Whether each release between them has the limit of 1e-6 is not known.

The kernel computes the variance as the mean of the squares less the square of the mean, and sets what is below 1e-6
to zero, so that it never becomes negative.
"""

BUG = {
    "issue": "pytorch/pytorch#190491",
    "also": ["pytorch/pytorch#186367"],
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.layer_norm"],
    "affected": "<2.14",
    "basis": {"seen": "unknown", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#190492",
    "reported": [
        {
            "thread": "pytorch/pytorch#190491",
            "date": "2026-07-19",
            "figures": {"cpu": [-1, -1, 1, 1], "mps": [-990, -990, 990, 990]},
        },
        {"thread": "pytorch/pytorch#186367", "date": "2026-06-05", "figures": {"cpu": 1.2911, "mps": 3.1624}},
    ],
    "met_in": ["ViT-family norms with eps 1e-12 (thread)", "small activations, such as early residuals (judged)"],
    "caveat": "Only small rows are checked, with all values within 0.001 of zero. Rows with a large mean and a small spread are hit too.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 33,
    "trigger": [{"op": ["layer_norm"], "when": ["input.max < 0.001", "input.min > -0.001"]}],
    "effect": "scales(result, 990)",
}

import torch
import torch.nn.functional as F


def inputs():
    row = torch.tensor([[-0.00099, -0.00099, 0.00099, 0.00099]])  # a variance of 9.8e-7
    return (row,)


def compute(device, x):
    return F.layer_norm(x.to(device), (4,), eps=1e-12)


def workaround(device, x):
    x = x.to(device)
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-12).sqrt()


def control(device, x):
    return F.layer_norm(x.to(device) * 1000, (4,), eps=1e-12)  # the same row in other units


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
