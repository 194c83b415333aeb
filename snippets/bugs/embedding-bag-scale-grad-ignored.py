"""`F.embedding_bag` ignores `scale_grad_by_freq` in its backward.

With the flag, the gradient of a row is divided by how often its index was asked for. On Apple GPUs the flag reaches
the kernel's caller and is not used: an index that comes twice gets twice the gradient it should. The forward pass is
right, and nothing is raised. `nn.Embedding` had the same fault until 2.13 (pytorch#185119).

You hit it only where you ask for the flag, and where an index comes more than once.

It was seen on 2.13.0 and on the main branch of July 2026, on macOS 26.5.2 with an M5 Max. A fix is open,
pytorch#190062. On the CPU the flag is wrong in another way, where indices come a different number of times
(pytorch#190063), so here each comes twice.
"""

BUG = {
    "issue": "pytorch/pytorch#190061",
    "also": ["pytorch/pytorch#185119"],
    "kind": "wrong",
    "family": "autograd",
    "ops": ["torch.nn.functional.embedding_bag"],
    "affected": "==2.13.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#190062",
    "reported": [
        {
            "thread": "pytorch/pytorch#190061",
            "date": "2026-07-15",
            "torch": "2.13.0",
            "macos": "26.5.2",
            "chip": "M5 Max",
            "figures": {"cpu": [1, 1, 1], "mps": [2, 2, 2]},
        }
    ],
    "met_in": ["bags of words, with the flag (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["_embedding_bag_backward"],
            "when": ["scale_grad_by_freq.value == true", "sparse.value == false", "indices has duplicates"],
        }
    ],
    "effect": "sets(scale_grad_by_freq, false)",
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.tensor([1, 3, 1, 3]), torch.tensor([0]), torch.ones(4, 3)  # each index twice


def gradient(device, indices, offsets, weight, **options):
    weight = weight.to(device).requires_grad_()
    bags = F.embedding_bag(indices.to(device), weight, offsets.to(device), mode="sum", **options)
    return torch.autograd.grad(bags.sum(), weight)[0]


def compute(device, indices, offsets, weight):
    return gradient(device, indices, offsets, weight, scale_grad_by_freq=True)


def workaround(device, indices, offsets, weight):
    often = torch.bincount(indices, minlength=len(weight)).clamp(min=1)
    return gradient(device, indices, offsets, weight) / often.to(device)[:, None]


def control(device, indices, offsets, weight):
    return gradient(device, indices, offsets, weight)


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
