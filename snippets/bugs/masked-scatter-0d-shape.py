"""`torch.masked_scatter` of a tensor without dimensions returns the shape [1].

The code for the GPU gives the tensor a dimension, to work on it, and does not take it away again. So a single number
comes back as a vector of one element. The value is right; what comes after may broadcast, stack or index otherwise
than on the CPU. Nothing is raised.

You hit it where a mask is put on data that has no batch dimension. The collector of TorchRL did, and now gives the
result its shape again (pytorch/rl#3473). Do the same, or give the tensor a dimension before the call.

It is known from the fix, of February 2026, which PyTorch 2.12 has (pytorch#174381). Which releases before it are
wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#174381",
    "also": ["pytorch/rl#3473"],
    "kind": "wrong",
    "family": "mask",
    "ops": ["torch.masked_scatter"],
    "affected": "<2.12",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#174381",
    "reported": [
        {"thread": "pytorch/pytorch#174381", "date": "2026-02-05", "figures": {"cpu_shape": [], "mps_shape": [1]}}
    ],
    "met_in": ["TorchRL: Collector, until February 2026"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["masked_scatter"], "when": ["self.ndim == 0"]}],
    "absent": {"effect": "no word of the vocabulary changes the shape of a result"},
}

import torch


def inputs():
    return torch.tensor(1.0), torch.tensor(True), torch.tensor([2.0])


def compute(device, x, mask, source):
    return x.to(device).masked_scatter(mask.to(device), source.to(device))


def workaround(device, x, mask, source):
    return x.to(device).view(1).masked_scatter(mask.to(device), source.to(device)).view(())


def control(device, x, mask, source):
    return x.to(device).view(1).masked_scatter(mask.to(device), source.to(device))


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
