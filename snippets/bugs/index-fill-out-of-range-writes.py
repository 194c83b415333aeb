"""`index_fill_` does not check its indices and can write outside the view.

An index past the end should raise an `IndexError`, as it does on the CPU. The GPU accepts it. With few indices in a
long dimension (fewer than a sixteenth of its size) it writes to the place that the index amounts to: in
pytorch#189969 a view of 32 elements and the index 40 changed element 40 of the tensor behind it. With more indices it
writes past a mask of its own, and nothing can be seen. An index below `-size` is accepted likewise; those from
`-size` to -1 are valid.

You hit it when you set features to zero by index and one index is too large. Compare them with the size before the
call.

It was reported in July 2026; the version is not known. Two fixes, pytorch#189972 and pytorch#193895, were open when
last seen. `index_fill_` got Metal code of its own in February 2026 (pytorch#175822); whether the code before it was
right is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#189969",
    "also": ["pytorch/pytorch#193895", "pytorch/pytorch#175822"],
    "kind": "wrong",
    "family": "indexing",
    "ops": ["torch.Tensor.index_fill_"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#189972",
    "reported": [
        {
            "thread": "pytorch/pytorch#189969",
            "date": "2026-07-15",
            "figures": {"cpu": "IndexError", "mps_storage40": 7.0, "mps_storage2_2": 9.0},
        }
    ],
    "met_in": ["zero-ablating features by index (judged)"],
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["index_fill"], "when": ["index.max >= self.size.dim"]}],
    "effect": "unchecked(index)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    return torch.zeros(64), torch.tensor([40])


def compute(device, memory, index):  # True where it raises an error, and what lies behind the view
    memory, raised = memory.to(device), False
    try:
        memory[:32].index_fill_(0, index.to(device), 7.0)
        memory.cpu()  # waits for an error
    except NotImplementedError:
        raise  # this torch has no such op here
    except (IndexError, RuntimeError):
        raised = True
    return torch.tensor(raised), memory[32:]


def workaround(device, memory, index):
    return (index >= 32).any(), memory.to(device)[32:]  # ask on the CPU, before the call


def control(device, memory, index):
    memory = memory.to(device)
    memory[:48].index_fill_(0, index.to(device), 7.0)  # the view is long enough
    return memory


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
