"""Indexing with `x[rows, columns]` out of range reads other memory instead of raising.

The CPU raises an `IndexError` for an index that is not in the tensor. The GPU read whatever lies at that distance in
memory: in pytorch#105860 zeros and parts of other tensors came back as rows. Assigning wrote there: in pytorch#111669
the assignment to element 3 of a view of 2 elements changed the tensor that the view was cut from.

You hit it when a position in the residual stream is off by one: what comes back is a plausible vector, not an error.
Check the indices before the call, or run it once on the CPU.

It was seen on 2.0.1 and 2.1.0. PyTorch 2.10.0 reports a read out of range when the GPU is next waited for
(pytorch#166615); whether it refuses such a write is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#105860",
    "also": ["pytorch/pytorch#111669"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.__getitem__", "torch.Tensor.__setitem__"],
    "affected": ">=2.0.1,<2.10",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#166615",
    "reported": [
        {
            "thread": "pytorch/pytorch#105860",
            "date": "2023-07-24",
            "torch": "2.0.1",
            "figures": {"cpu": "error", "mps": "rows of other memory and zeros"},
        },
        {
            "thread": "pytorch/pytorch#111669",
            "date": "2023-10-20",
            "torch": "2.1.0",
            "macos": "13.5.2",
            "chip": "M2 Pro",
            "figures": {"cpu": "IndexError", "element_behind_the_view": -1},
        },
    ],
    "met_in": ["a position that is off by one gives a plausible vector (judged)"],
    "caveat": "Only tensors of one dimension are checked; the fault is the same with more.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["index", "index_put"],
            "when": ["self.ndim == 1", "indices.dtype in int32,int64", "indices.max >= self.size.0"],
        }
    ],
    "effect": "unchecked(indices)",
}

import torch


def inputs():
    return torch.arange(4), torch.tensor([3])


def compute(device, x, index):  # True: it raises an error, as it should
    try:
        x.to(device)[:2][index.to(device)].cpu()  # .cpu() waits for it
    except NotImplementedError:
        raise  # this torch has no such op here
    except (IndexError, RuntimeError):
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, x, index):
    return (index >= 2).any()  # ask on the CPU, before the call


def control(device, x, index):
    return x.to(device)[index.to(device)]


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
