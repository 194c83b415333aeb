"""`torch.matmul` of a column by a row of 32,769 is wrong past the first 1,024 columns.

Apple's matrix product goes wrong where a dimension exceeds 32,768, by the author of the fix. In the thread a matrix
of 1,025 rows and one column is multiplied by one row of 32,769: in each row about the first 1,024 columns are right.
Nothing is raised.

You hit it in outer products over a vocabulary, such as attribution of logits to tokens. `F.linear` of these sizes was
reported with it. Multiply by parts of the columns and join the results.

Reported on macOS 14.1. PyTorch 2.3.0 computes such products with a kernel of its own; since a change of August 2024
(pytorch#133494) it does so before macOS 14.4 alone. The reporter's own case failed on a nightly of 2.3 as well.
"""

BUG = {
    "issue": "pytorch/pytorch#116769",
    "also": ["pytorch/pytorch#111634"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.matmul", "torch.mm"],
    "affected": "<2.3",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#117549",
    "reported": [{"thread": "pytorch/pytorch#116769", "macos": "14.1"}],
    "met_in": ["outer products over a vocabulary (judged)"],
    "caveat": "The reporter's own case failed on a nightly of 2.3 as well. Only the case of the thread is checked, too many columns of the second matrix.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["mm"], "when": ["mat2.size.1 > 32768"]}],
    "effect": "unwritten(result, after 1024)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1025, 1, generator=generator), torch.rand(1, 32769, generator=generator)


def compute(device, a, b):
    return torch.mm(a.to(device), b.to(device))


def workaround(device, a, b):
    a, b = a.to(device), b.to(device)
    return torch.cat([torch.mm(a, b[:, :16384]), torch.mm(a, b[:, 16384:])], dim=1)


def control(device, a, b):
    return torch.mm(a.to(device), b.to(device)[:, :16384])


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
