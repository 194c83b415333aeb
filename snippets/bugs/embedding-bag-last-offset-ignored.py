"""`F.embedding_bag` with `include_last_offset=True` ignores the last offset.

With that flag the last entry of `offsets` says where the last bag ends. The GPU code never reads it: the last bag
always takes all indices that are left. In pytorch#190060 the bag of rows 0 and 1 got row 2 as well.

Only calls whose last offset is smaller than the number of indices are hit, as where one long list of indices is
filled only in part: cut the list there yourself. The usual form, in which the last offset is the number of indices,
is right. In the modes `mean` and `max` the CPU itself is at odds with the documentation for such calls
(pytorch#191965); with `sum`, as here, it is right.

It was seen on 2.13.0 and on a build of 2.14. Issue and fix (pytorch#190062) were open when last seen. `embedding_bag`
came to the GPU with 2.10, and its first code reads the same; whether 2.10 to 2.12 give the same numbers is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#190060",
    "also": ["pytorch/pytorch#191965"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.nn.functional.embedding_bag"],
    "affected": ">=2.13.0,<=2.14.0a0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#190062",
    "reported": [
        {
            "thread": "pytorch/pytorch#190060",
            "date": "2026-07-15",
            "torch": "2.13.0",
            "figures": {"cpu": [[4, 6, 8, 10]], "mps": [[12, 15, 18, 21]]},
        },
        {"thread": "pytorch/pytorch#190060", "date": "2026-07-15", "torch": "2.14.0a0"},
    ],
    "met_in": ["embedding_bag as a sparse SAE decoder over a list of indices that is filled in part (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["embedding_bag"], "when": ["include_last_offset.value == true", "offsets.max < indices.numel"]}
    ],
    "effect": "sets(include_last_offset, false)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(4, 4, generator=generator)
    return table, torch.tensor([0, 1, 2]), torch.tensor([0, 2])  # one bag: rows 0 and 1


def compute(device, table, ids, offsets):
    table, ids, offsets = table.to(device), ids.to(device), offsets.to(device)
    return F.embedding_bag(ids, table, offsets, mode="sum", include_last_offset=True)


def workaround(device, table, ids, offsets):
    end = int(offsets[-1])  # known on the CPU
    table, ids, offsets = table.to(device), ids.to(device)[:end], offsets.to(device)
    return F.embedding_bag(ids, table, offsets, mode="sum", include_last_offset=True)


def control(device, table, ids, offsets):
    table, ids, offsets = table.to(device), ids.to(device), offsets.to(device)
    return F.embedding_bag(ids, table, offsets + torch.tensor([0, 1]).to(device), mode="sum", include_last_offset=True)


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
