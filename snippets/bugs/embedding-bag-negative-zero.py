"""`F.embedding_bag` with a negative index returns zeros instead of raising.

A negative index has no row. The CPU raises an error; the GPU returned zeros for the index -1, as if the bag were
empty.

Why (inferred from the code of the kernel): it had no check at all, and it skips the index that is set as padding.
Where no padding is set that is kept as -1, so -1 is taken for padding. Other negative indices read memory that is not
the table.

You hit it where -1 marks "no token" and was not taken out. Check the ids before the call, or set `padding_idx` to a
row that is there.

It was reported in November 2025, without a version. `embedding_bag` came to the GPU with 2.10, whose final release
got a check (pytorch#168930) that refuses negative indices too, says pytorch#190183 in passing. So it may be that no
release has this fault.
"""

BUG = {
    "issue": "pytorch/pytorch#169201",
    "also": ["pytorch/pytorch#168930", "pytorch/pytorch#190183"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.nn.functional.embedding_bag"],
    "introduced": {"version": "2.10", "basis": "release notes"},
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#169205",
    "reported": [
        {
            "thread": "pytorch/pytorch#169201",
            "date": "2025-11-28",
            "figures": {"mps": [0, 0, 0, 0], "cpu": "RuntimeError"},
        }
    ],
    "met_in": ["ids in which -1 stands for no token (judged)"],
    "caveat": "#168930 (2.10.0) casts the index to unsigned before its check (#190183), which then refuses negative "
    "ones; whether it closes this one is not known.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["embedding_bag"], "when": ["indices.min < 0"]}],
    "effect": "unchecked(indices)",
    "absent": {"affected": "no source names a version"},
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.ones(10, 4), torch.tensor([[-1]])  # one bag of one index


def compute(device, table, ids):  # True: it raises an error, as it should
    try:
        F.embedding_bag(ids.to(device), table.to(device), mode="sum").cpu()  # .cpu() waits for it
    except NotImplementedError:
        raise  # this torch has no such op here
    except (IndexError, RuntimeError):
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, table, ids):
    return (ids < 0).any()  # ask on the CPU, before the call


def control(device, table, ids):
    return F.embedding_bag((ids + 1).to(device), table.to(device), mode="sum")


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
