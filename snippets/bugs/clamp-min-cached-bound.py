"""`torch.clamp` takes the lower bound of an earlier call where both bounds are nearly zero.

The first bound that the process used with this shape and dtype is used for all others whose six decimals agree: `0`,
`1e-8` and `1e-7` are one. Nothing is raised.

So after a harmless `x.clamp(min=0)` the guard in `p.clamp(min=1e-7).log()` is gone: a probability of zero gives minus
infinity, in an entropy, a KL divergence, a log-probability. Which call wins depends on what ran before, as in
kornia's tests, which passed alone and failed together. `torch.clamp_min` does the same among its own calls. Pass the
bound as a tensor.

Reported in November 2025, and seen with PyTorch 2.9.1. 2.10.0 writes the bound exactly. Which release was the first
is not known.

Apple GPUs compute `clamp` with a graph that PyTorch builds once and finds again by a name. The name holds the bound
with six decimals: `0.000000` for the three above. One of 1e-6 or more has digits of its own, but two of any size that
agree in six decimals are confused too. An upper bound is printed like a lower one. A tensor is not part of the name.
"""

BUG = {
    "issue": "pytorch/pytorch#167767",
    "also": ["kornia/kornia#3942"],
    "kind": "wrong",
    "family": "graph-cache",
    "ops": ["torch.clamp", "torch.clamp_min"],
    "affected": ">=2.9.1,<2.10",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#167777",
    "reported": [
        {
            "thread": "pytorch/pytorch#167767",
            "date": "2025-11-13",
            "figures": {"cpu": 1e-07, "mps_clamp_min_1e-7": 0.0, "mps_with_max_inf": 1e-07, "mps_clamp_min()": 1e-07},
        },
        {"thread": "kornia/kornia#3942", "torch": "2.9.1", "figures": {"cpu": [1e-08, 1e-07], "mps": [1e-08, 1e-08]}},
    ],
    "met_in": [
        "log(p.clamp(min=1e-7)): entropy, KL divergence, log-probabilities (judged)",
        "kornia: normalize_pixel_coordinates",
    ],
    "caveat": "Only lower bounds near zero are checked; upper bounds and larger ones that agree in six decimals are hit too.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 39,
    "trigger": [
        {
            "op": ["clamp"],
            "when": [
                "min.value < 5e-7",
                "min.value > -5e-7",
                "max.given == false",
                "earlier.min.value < 5e-7",
                "earlier.min.value > -5e-7",
                "earlier.min.value != min.value",
                "earlier.max.given == false",
                "earlier.self.shape == self.shape",
                "earlier.self.dtype == self.dtype",
            ],
        },
        {
            "op": ["clamp"],
            "when": [
                "min.value < 5e-7",
                "min.value > -5e-7",
                "earlier.min.value < 5e-7",
                "earlier.min.value > -5e-7",
                "earlier.min.value != min.value",
                "earlier.max.value == max.value",
                "earlier.self.shape == self.shape",
                "earlier.self.dtype == self.dtype",
            ],
        },
        {
            "op": ["clamp_min"],
            "when": [
                "min.value < 5e-7",
                "min.value > -5e-7",
                "earlier.min.value < 5e-7",
                "earlier.min.value > -5e-7",
                "earlier.min.value != min.value",
                "earlier.self.shape == self.shape",
                "earlier.self.dtype == self.dtype",
            ],
        },
    ],
    "effect": "stale(min)",
    "fresh": True,
}

import torch


def inputs():
    return (torch.tensor([0.5, 0.25, 0.25, 0.0]),)  # probabilities, one of them zero


def compute(device, p):
    p = p.to(device)
    p.clamp(min=0.0)  # its bound stays in the graph
    return p.clamp(min=1e-7).log()


def workaround(device, p):
    p = p.to(device)
    p.clamp(min=0.0)
    return p.clamp(min=torch.tensor(1e-7, dtype=p.dtype, device=p.device)).log()


def control(device, p):
    p = p.to(device)
    p.clamp(min=1e-3)  # a bound with digits of its own
    return p.reshape(2, 2).clamp(min=1e-7).log()  # a shape of its own, should compute have run before


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
