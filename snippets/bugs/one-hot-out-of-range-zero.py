"""`F.one_hot` and `scatter_` drop indices out of range without an error.

A class that is negative or not smaller than `num_classes` should raise an error, as it does on the CPU. On the GPU
its row came back as zeros. `one_hot` is a `scatter_` into zeros, and that is where the index was lost: Apple's
MPSGraph drops what is out of range (pytorch#184057).

You hit it with labels or tokens in which -1 or -100 stands for padding: rows vanish and nothing says so. Check the
smallest and the largest class before the call.

It was reported in December 2025, without a version. PyTorch 2.13.0 has code of its own for `scatter_`, with a check
whose error comes when the GPU is next waited for (pytorch#184028). Since when the fault is there is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#170507",
    "also": ["pytorch/pytorch#184057", "pytorch/pytorch#183819", "pytorch/pytorch#82505", "pytorch/pytorch#171382"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.scatter_", "torch.nn.functional.one_hot"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184028",
    "reported": [
        {
            "thread": "pytorch/pytorch#170507",
            "date": "2025-12-16",
            "figures": {"cpu": "RuntimeError", "mps": "row of zeros"},
        }
    ],
    "met_in": ["one-hot labels with -1 or -100 for padding (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["scatter"], "when": ["index.max >= self.size.dim"]},
        {"op": ["scatter"], "when": ["index.min < 0"]},
    ],
    "effect": "unchecked(index)",
}

import torch


def inputs():
    return (torch.tensor([[3], [8]]),)  # eight classes: 7 is the last one


def compute(device, classes):  # True: it raises an error, as it should
    try:
        # what F.one_hot(classes, num_classes=8) does
        torch.zeros(2, 8, device=device).scatter_(1, classes.to(device), 1.0).cpu()  # .cpu() waits for it
    except NotImplementedError:
        raise  # this torch has no such op here
    except (IndexError, RuntimeError):
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, classes):
    return ((classes < 0) | (classes >= 8)).any()  # ask on the CPU, before the call


def control(device, classes):
    return torch.zeros(2, 8, device=device).scatter_(1, (classes - 1).to(device), 1.0)


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
