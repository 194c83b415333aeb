"""`F.embedding` with an id out of range returns zeros instead of raising.

An id that is not smaller than the number of rows has no embedding. The CPU raises an `IndexError`; on the GPU such a
token got a vector of zeros, and the model went on.

You hit it with tokens that were added to the tokenizer and not to the model, with ids of another vocabulary, and with
positions past the end of a table of positions. Compare the largest id with the number of rows before the call, or run
one batch on the CPU.

Why: the lookup was left to Apple's MPSGraph, whose answer outside the table is undefined (pytorch#144825). It was
seen on 2.2.2, on 2.3.0 with macOS 15.4.1, and on a development build of 2.4; pytorch#144824 saw it on the main branch
of January 2025. Since 2.10 PyTorch can report such an error when the GPU is next waited for (pytorch#166615); since
when `F.embedding` does, is not known, and the issue was open when last seen.
"""

BUG = {
    "issue": "pytorch/pytorch#123119",
    "also": ["pytorch/pytorch#144824", "pytorch/pytorch#144825", "pytorch/pytorch#154235"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.nn.functional.embedding"],
    "affected": ">=2.2.2,<=2.4.0.dev20240401",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#123119", "date": "2024-04-01", "torch": "2.2.2"},
        {
            "thread": "pytorch/pytorch#123119",
            "date": "2024-04-01",
            "torch": "2.4.0.dev20240401",
            "macos": "14.2.1",
            "figures": {"mps": "zeros for ids out of range", "cpu": "IndexError"},
        },
        {
            "thread": "pytorch/pytorch#154235",
            "date": "2025-05-23",
            "torch": "2.3.0",
            "macos": "15.4.1",
            "chip": "M2 Pro",
        },
    ],
    "met_in": ["special tokens added to the tokenizer but not to the embedding (judged)"],
    "caveat": "#144824 says that main of January 2025 has it too.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["embedding"], "when": ["indices.max >= weight.size.0"]}],
    "effect": "unchecked(indices)",
}

import torch
import torch.nn.functional as F


def inputs():
    return torch.ones(10, 3), torch.tensor([4, 10])  # ten rows: 9 is the last id


def compute(device, table, ids):  # True: it raises an error, as it should
    try:
        F.embedding(ids.to(device), table.to(device)).cpu()  # .cpu() waits for it
    except NotImplementedError:
        raise  # this torch has no such op here
    except (IndexError, RuntimeError):
        return torch.tensor(True)
    return torch.tensor(False)


def workaround(device, table, ids):
    return (ids >= len(table)).any()  # ask on the CPU, before the call


def control(device, table, ids):
    return F.embedding((ids - 1).to(device), table.to(device))


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
