"""`torch.argmax` and `torch.argmin` skip NaN instead of returning its index.

On the CPU a NaN counts as the extreme, and the index of the first one comes back. Apple's graph leaves NaN out, so that
the GPU gives the index of the largest, or smallest, of the other numbers. `max` and `min` have a bug of their own,
`max-reduction-ignores-nan`.

You hit it when a model breaks down: logits with a NaN still give a token, and greedy decoding goes on as if nothing
were wrong. Ask for `isnan().any()` first.

It was seen in PyTorch 2.3.1 and, in June 2026, before 2.13. The kernels that took over in 2.13.0 give the index of
the NaN (pytorch#187304).
"""

BUG = {
    "issue": "pytorch/pytorch#187039",
    "also": ["pytorch/pytorch#130295", "pytorch/pytorch#191100"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.argmax", "torch.argmin"],
    "affected": ">=2.3.1,<2.13",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#187304",
    "reported": [
        {"thread": "pytorch/pytorch#130295", "date": "2024-07-08", "torch": "2.3.1", "chip": "M3 Max"},
        {"thread": "pytorch/pytorch#187039", "date": "2026-06-11", "figures": {"mps": [13, 3], "cpu": [5, 5]}},
    ],
    "met_in": ["greedy decoding of logits that hold NaN (judged)"],
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["argmax", "argmin"], "when": ["self has nan"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    nan = float("nan")
    return torch.tensor([3.0, nan, 1.0]), torch.tensor([1.0, nan, 3.0])


def compute(device, x, y):
    return x.to(device).argmax(), y.to(device).argmin()  # 1 and 1; without the NaN 0 and 0


def workaround(device, x, y):
    def first_nan(t, otherwise):
        return torch.where(t.isnan().any(), t.isnan().int().argmax(), otherwise)

    x, y = x.to(device), y.to(device)
    return first_nan(x, x.nan_to_num().argmax()), first_nan(y, y.nan_to_num().argmin())


def control(device, x, y):
    return x.to(device).nan_to_num().argmax(), y.to(device).nan_to_num(9).argmin()


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
