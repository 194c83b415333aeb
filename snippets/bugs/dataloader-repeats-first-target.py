"""`DataLoader` over labels that lie on the GPU repeats the first label.

A batch is made by `torch.stack` of single elements, each a view of one place in the tensor of labels. All of them
were read at the start of that tensor, so labels 1, 2, 3 came out as 1, 1, 1 (pytorch#92265), and one batch of 3 and 2
as 3 and 3 (pytorch#93356). Nothing is raised and training goes on.

You hit it when a `TensorDataset` holds tensors on the device, as for a probe with few data: every example gets one
label. Keep the dataset on the CPU and move the batch.

Seen on PyTorch 1.13.1 (pytorch#91393) and on a development build of 2.0 of January 2023. It looks like the fault of
`torch.stack` with slices, whose fix is in 2.0 (pytorch#91071); whether it is, is not known. In August 2023 the same
was reported again (pytorch#108045); the version is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#92265",
    "also": ["pytorch/pytorch#87856", "pytorch/pytorch#93356", "pytorch/pytorch#91071"],
    "kind": "wrong",
    "family": "offset",
    "ops": [
        "torch.stack",
        "torch.utils.data.DataLoader",
        "torch.utils.data.TensorDataset",
        "torch.utils.data.default_collate",
    ],
    "affected": ">=1.13.1,<=2.0.0.dev20230116",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {"thread": "pytorch/pytorch#91393", "date": "2022-12-26", "torch": "1.13.1", "macos": "12.5"},
        {
            "thread": "pytorch/pytorch#92265",
            "date": "2023-01-16",
            "torch": "2.0.0.dev20230116",
            "figures": {"cpu": [1, 2, 3], "mps": [1, 1, 1]},
        },
        {"thread": "pytorch/pytorch#108045", "date": "2023-08-28"},
    ],
    "met_in": ["DataLoader over a TensorDataset on the device, for example to train a probe (pytorch#92265)"],
    "caveat": "#91071 (in 2.0.0 by #95323) fixes stacks of unsqueezed views with an offset; whether it fixes this is not known. #108045 reports the same symptom in August 2023, version not known.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["stack"], "when": ["tensors.device == accel", "tensors.ndim == 0", "tensors.offset > 0"]}],
    "effect": "ignores-offset(tensors)",
}

import torch


def inputs():
    return (torch.tensor([1, 2, 3]),)


def compute(device, labels):
    return next(iter(torch.utils.data.DataLoader(labels.to(device), batch_size=3)))


def workaround(device, labels):
    return next(iter(torch.utils.data.DataLoader(labels, batch_size=3))).to(device)


def control(device, labels):
    return torch.stack([label.clone() for label in labels.to(device)])


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
