"""`torch.mm` with an empty inner dimension returns uninitialised memory.

A product of `(a, 0)` by `(0, b)` is all zeros. The kernels for Apple GPUs return early and write nothing, so that the
result is what the memory held. As long as memory comes zeroed, that is right by chance; the bug was found when PyTorch
changed the kind of memory that it takes (pytorch#175818). Nothing is raised.

You hit it where the sum runs over an empty set: an ablation of no heads, a batch without tokens for an expert. Take
the sum yourself there, or zeros. `addmm` did the same.

Reported in February 2026. The release notes of 2.12.0 have the fix, and the other kind of memory too: before it,
memory was zeroed when it was taken (pytorch#175905). So an affected version may well agree here. Whether it is zeroed
again when it is reused is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#175905",
    "also": ["pytorch/pytorch#175902", "pytorch/pytorch#175818"],
    "kind": "nondeterministic",
    "family": "matmul",
    "ops": ["torch.addmm", "torch.mm"],
    "affected": "<2.12",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#175905",
    "reported": [{"thread": "pytorch/pytorch#175905", "date": "2026-02-26"}],
    "met_in": ["sums over an empty set: no heads, no tokens for an expert (judged)"],
    "caveat": "Visible only where memory is not zeroed; the kind of memory that is not came in 2.12.0, with the fix.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["mm"], "when": ["self.size.1 == 0"]}, {"op": ["addmm"], "when": ["mat1.size.1 == 0"]}],
    "effect": "unwritten(result)",
    "repeats": 3,
}

import torch


def inputs():
    return torch.zeros(64, 1), torch.zeros(1, 64)


def compute(device, a, b):
    junk = torch.full((64, 64), 7.0, device=device)  # memory of the size of the result, which is then free
    del junk
    return torch.mm(a.to(device)[:, :0], b.to(device)[:0])


def workaround(device, a, b):
    return (a.to(device)[:, None, :0] * b.to(device).T[None, :, :0]).sum(2)


def control(device, a, b):
    return torch.mm(a.to(device), b.to(device))


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

    def error_ratios(got, cpu, exact):  # one for each output
        alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
        return [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]

    found = {}
    for function in (compute, control, workaround):
        cpu, exact = run(function, "cpu"), run(control if function is control else compute, "cpu", precision=wide)
        try:
            runs = [run(function, device) for _ in range(BUG["repeats"])]
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            each = [error_ratios(got, cpu, exact) for got in runs]
            worst, wrong = max(each, key=max), sum(max(ratios) > 10 for ratios in each)
            found[function] = "WRONG" if wrong else "agrees"
            said = f"error ratio {', '.join(f'{ratio:.3g}' for ratio in worst)}, 10 allowed, "
            said += f"{wrong} of {len(runs)} runs are wrong"
        print(f"  {function.__name__:10} {said}: {found[function]}")
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    if found[compute] == "agrees":
        rate, repeats = 1 - 0.01 ** (1 / BUG["repeats"]), BUG["repeats"]
        seen = 1 - (1 - rate) ** repeats
        print(f"What is wrong in {rate:.2%} of runs shows in {repeats} runs with a chance of {seen:.2%}.")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
