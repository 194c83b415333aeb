"""`torch.linalg.lu_factor` of a batch of larger matrices is wrong.

For a batch of two matrices of 256 by 256 the factors differ widely from the CPU's. Batches of small matrices passed the
tests of that time, and by its title the fix is about batches of large ones only. Nothing is raised.

You hit it when you factor stacked matrices to solve systems or take determinants, such as a covariance matrix for each
layer. Factor one matrix at a time.

It is known from the pull request of the fix, of February 2025, which names no version; the release notes of 2.7 list
it. `lu_factor` came to the GPU with 2.5. From which size on it is wrong is not known, nor what goes wrong.
"""

BUG = {
    "issue": "pytorch/pytorch#146753",
    "kind": "wrong",
    "family": "linalg",
    "ops": ["torch.linalg.lu_factor"],
    "introduced": {"version": "2.5", "basis": "release notes"},
    "affected": "<2.7",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#146753",
    "reported": [{"thread": "pytorch/pytorch#146753", "date": "2025-02-08"}],
    "met_in": ["determinants or solves of stacked covariance matrices (judged)"],
    "caveat": "Read through the fix; no figures, and how the numbers are wrong is not known: the software "
    "model of this bug only disturbs them. Only matrices of at least the size that was shown count as hit.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {
            "op": ["linalg_lu_factor", "linalg_lu_factor_ex"],
            "when": ["A.ndim > 2", "A.numel > A.size.-1 * A.size.-2", "A.size.-1 >= 256", "A.size.-2 >= 256"],
        }
    ],
    "effect": "noise(result, 1)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(2, 256, 256, generator=generator)
    return (noise + 300 * torch.eye(256),)  # so large a diagonal that no rows are swapped


def compute(device, matrices):
    return torch.linalg.lu_factor(matrices.to(device))[0]


def workaround(device, matrices):
    return torch.stack([torch.linalg.lu_factor(one)[0] for one in matrices.to(device)])


def control(device, matrices):
    return torch.linalg.lu_factor(matrices.to(device)[0])[0]  # a single one


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
