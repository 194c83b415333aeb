"""`torch.argsort` along the first dimension gives wrong indices beyond 2**22 columns.

The report sorts three rows of 4,194,305 columns along `dim=0`, that is, each column on its own. Some columns come back
with indices that do not sort them. Nothing is raised. Why is not known; the size is one more than 2**22, so the
number of columns is taken as what counts (inferred). Which columns are wrong is not known.

You hit it by ranking layers, heads or seeds for each of millions of parameters or features. Sort in blocks of
columns.

Reported in May 2026; the version is not known. PyTorch 2.13.0 has a sort of its own; that it ends the fault is
inferred.
"""

BUG = {
    "issue": "pytorch/pytorch#183885",
    "also": ["pytorch/pytorch#180714", "pytorch/pytorch#182242"],
    "kind": "wrong",
    "family": "sort",
    "ops": ["torch.argsort", "torch.sort"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#183885", "date": "2026-05-15"}],
    "met_in": ["ranking a few runs for each of millions of parameters (judged)"],
    "caveat": "2.13.0 replaced the sort; the fix is inferred.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["argsort", "sort"], "when": ["self.numel / self.size.dim > 4194304"]}],
    "effect": "unwritten(result, last 1)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randint(0, 2**20, (3, 2**22 + 1), generator=generator)
    return (numbers * 4.0 + torch.tensor([[0.0], [1.0], [2.0]]),)  # no two alike in a column: their order is not open


def compute(device, x):
    return torch.argsort(x.to(device), dim=0)


def workaround(device, x):
    return torch.cat([torch.argsort(block, dim=0) for block in x.to(device).split(2**20, dim=1)], dim=1)


def control(device, x):
    return torch.argsort(x.to(device)[:, :1024].contiguous(), dim=0)


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
