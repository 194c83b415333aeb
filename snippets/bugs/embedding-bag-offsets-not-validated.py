"""`F.embedding_bag` accepts invalid offsets and returns wrong sums.

`offsets` says where each bag begins in the list of indices. The first must be 0, and the last must not lie behind the
end of the list. The CPU raises an error where that is not so; the GPU computed sums all the same. Indices before the
first offset belong to no bag, and a bag that ends past the list reads the memory behind it (inferred).

You hit it when you cut the list and not its offsets, or keep the offsets of another batch. Check the first and the last
offset before the call.

It was reported in December 2025, without a version; CUDA had the same. PyTorch 2.14.0 has the checks
(pytorch#187572). `embedding_bag` came to the GPU with 2.10.
"""

BUG = {
    "issue": "pytorch/pytorch#170370",
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.nn.functional.embedding_bag"],
    "affected": "<2.14",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#187572",
    "reported": [
        {
            "thread": "pytorch/pytorch#170370",
            "date": "2025-12-13",
            "figures": {"cpu": "error: offsets[0] has to be 0, got 5", "mps": "no error"},
        }
    ],
    "met_in": ["offsets kept from another batch (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["embedding_bag"], "when": ["offsets.min > 0"]},
        {"op": ["embedding_bag"], "when": ["offsets.max > indices.numel"]},
    ],
    "effect": "unchecked(offsets)",
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.ones(9, 4), torch.arange(9), torch.tensor([5, 8])  # the first bag does not begin at 0


def compute(device, table, ids, offsets):  # True: it raises an error, as it should
    try:
        F.embedding_bag(ids.to(device), table.to(device), offsets.to(device)).cpu()  # .cpu() waits for it
    except NotImplementedError:
        raise  # this torch has no such op here
    except (IndexError, RuntimeError):
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, table, ids, offsets):
    return (offsets[0] != 0) | (offsets[-1] > len(ids))  # ask on the CPU, before the call


def control(device, table, ids, offsets):
    return F.embedding_bag(ids.to(device), table.to(device), (offsets - 5).to(device))


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
