"""`torch.unique` of a tensor whose first dimension has size 1 returns its first value alone.

Without `dim`, `unique` looks at all elements. The code asked for the size of the first dimension before it flattened
the input, and took an input of size 1 there for a single element: `unique` of [[[0, 1]]] is [0]. Nothing is raised.
With a first dimension above 1 the same code flattens and is right, and so is a 1-D input. By the code,
`torch.unique_consecutive` without `dim` goes the same way.

You hit it by counting the distinct tokens of a batch with one prompt, `input_ids.unique()`. Write
`input_ids.flatten().unique()`.

Reported for 2.0.1 on macOS 13.4.1 in July 2023 and fixed the next day, before 2.1 was cut. On macOS 12 the code hands
the call to the CPU, which is right. Since when it was wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#104879",
    "kind": "wrong",
    "family": "sort",
    "ops": ["torch.unique", "torch.unique_consecutive"],
    "affected": ">=2.0.1,<2.1",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#104938",
    "macos": ">=13",
    "reported": [
        {
            "thread": "pytorch/pytorch#104879",
            "date": "2023-07-10",
            "torch": "2.0.1",
            "macos": "13.4.1",
            "chip": "M2 Pro",
            "figures": {"cpu": [0, 1], "mps": [0]},
        }
    ],
    "met_in": ["the distinct tokens of one prompt: input_ids.unique() (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["_unique2"], "when": ["self.ndim > 1", "self.size.0 == 1", "self.numel > 1"]},
        {
            "op": ["unique_consecutive"],
            "when": ["self.ndim > 1", "self.size.0 == 1", "self.numel > 1", "dim.given == false"],
        },
    ],
    "effect": "sets(self, 0)",
}

import torch


def inputs():
    return (torch.tensor([[0, 1, 1, 2]]),)  # one prompt


def compute(device, tokens):
    return torch.unique(tokens.to(device))


def workaround(device, tokens):
    return torch.unique(tokens.to(device).flatten())


def control(device, tokens):
    return torch.unique(tokens.to(device).reshape(2, 2))  # two prompts


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
