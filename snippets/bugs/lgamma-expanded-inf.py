"""`torch.lgamma` of an expanded or transposed tensor is computed from other numbers, or gives infinity.

The kernel reads the memory of its input from front to back and looks at no strides. Of a (3, 1) tensor expanded to
(3, 10) it reads 30 numbers where 3 are, and the report gets infinity for half of them, from zeros that lie behind
(inferred). A transposed tensor gives the right numbers in the wrong order. Nothing is raised. `digamma` does the
same.

You hit it in log-probabilities of `torch.distributions`, which broadcast their parameters by `expand`: Gamma, Beta,
Dirichlet, Poisson, negative binomial. Call `.contiguous()` on the input.

Seen on a nightly of August 2024, and again in February 2026 without a version. The release notes of 2.12.0 have a fix
for inputs that are not contiguous. Whether slices with gaps are read wrongly too is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#132605",
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.digamma", "torch.lgamma"],
    "affected": ">=2.5.0.dev20240803,<2.12",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#175603",
    "reported": [
        {
            "thread": "pytorch/pytorch#132605",
            "date": "2024-08-04",
            "torch": "2.5.0.dev20240803",
            "macos": "13.1",
            "figures": {"wanted": 0, "got": "0 for 15 of 30 elements, inf for 15"},
        },
        {"thread": "pytorch/pytorch#175187", "date": "2026-02-17", "figures": {"digamma_max_abs_diff": 1.56}},
    ],
    "met_in": ["log-probabilities of torch.distributions with broadcast parameters (thread)"],
    "caveat": "That the fix of #175603 covers expanded inputs is inferred from its title.",
    "open_as_stored": True,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["lgamma", "digamma"], "when": ["self.layout in permuted,expanded"]}],
    "effect": "ignores-strides(self)",
}

import torch


def inputs():
    return (torch.tensor([[1.0], [3.5], [7.0]]),)


def compute(device, concentration):
    return torch.lgamma(concentration.to(device).expand(3, 4))


def workaround(device, concentration):
    return torch.lgamma(concentration.to(device).expand(3, 4).contiguous())


def control(device, concentration):
    return torch.lgamma(concentration.to(device)).expand(3, 4)  # expanded afterwards


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
