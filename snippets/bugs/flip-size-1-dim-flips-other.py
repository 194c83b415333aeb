"""`torch.flip` along a dimension of size 1 reverses the other dimensions.

There is nothing to reverse along a dimension of size 1, so it is dropped from the list of dimensions. The empty list
is then taken as all of them: `flip(0)` of a (1, 3) tensor reverses its three elements. Nothing is raised.

You hit it with a batch of one: reversing the batch reverses the tokens, or the pixels of a single picture. Skip the
call where the dimension has size 1.

Reported for 1.13.1 and 2.0.0. The fix was merged in March 2023, after 2.0 was cut; 2.1 is the first minor release
after it. Whether 2.0.1 has it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#98266",
    "also": ["pytorch/pytorch#96558"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.flip"],
    "affected": ">=1.13.1,<2.1",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#96605",
    "reported": [
        {"thread": "pytorch/pytorch#96558", "date": "2023-03-10", "torch": "1.13.1", "macos": "13.2"},
        {
            "thread": "pytorch/pytorch#98266",
            "date": "2023-04-04",
            "torch": "2.0.0",
            "macos": "13.3",
            "chip": "M1 Max",
            "figures": {"cpu": [[1, 2, 3]], "mps": [[3, 2, 1]]},
        },
    ],
    "met_in": ["reversing a batch of one prompt reverses its tokens (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["flip"], "when": ["self.size.dims == 1", "self.numel > 1"]}],
    "effect": "sets(dims, 1)",
}

import torch


def inputs():
    return (torch.tensor([[1.0, 2.0, 3.0]]),)  # a batch of one


def compute(device, batch):
    return torch.flip(batch.to(device), dims=[0])


def workaround(device, batch):
    batch = batch.to(device)
    return torch.flip(batch, dims=[0]) if batch.shape[0] > 1 else batch.clone()


def control(device, batch):
    return torch.flip(batch.to(device), dims=[1])  # three elements: something to reverse


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
