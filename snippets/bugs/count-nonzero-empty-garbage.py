"""`torch.count_nonzero` of an empty tensor returns leftover memory.

There is nothing to count, so the answer is 0. The GPU returned without writing it, and what was read is what the memory
held before: 4,575,657,222,465,388,544 in the report. Whether it shows depends on what ran before; without an earlier
operation the result was right by chance.

You hit it when you count how often a feature fires over a selection that may be empty. Ask for `numel()` first. The fix
says that other reductions of empty tensors returned unwritten memory too, and does not name them.

It was seen in PyTorch 2.5.1 on macOS 15.1 and is fixed in 2.6.0 (pytorch#139446).
"""

BUG = {
    "issue": "pytorch/pytorch#139400",
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.count_nonzero"],
    "affected": ">=2.5.1,<2.6",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#139446",
    "reported": [
        {
            "thread": "pytorch/pytorch#139400",
            "date": "2024-10-31",
            "torch": "2.5.1",
            "macos": "15.1",
            "chip": "M2",
            "figures": {"cpu": 0, "mps": 4575657222465388544},
        }
    ],
    "met_in": ["counting the firings of a feature over an empty selection (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["count_nonzero"], "when": ["self.numel == 0"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    return torch.empty(0, 2, 2), torch.tensor([1.0, 2.0])


def compute(device, empty, x):
    x = x.to(device)
    torch.stack([x / 2, x / 2], dim=-1)  # leaves its numbers in memory that is given out again
    return torch.count_nonzero(x > empty.to(device))


def workaround(device, empty, x):
    mask = x.to(device) > empty.to(device)
    return torch.count_nonzero(mask) if mask.numel() else torch.tensor(0, device=device)


def control(device, empty, x):
    return torch.count_nonzero(x.to(device))


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
