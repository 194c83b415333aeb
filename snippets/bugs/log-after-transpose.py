"""`torch.log` of a transposed tensor gives other numbers than the logarithm transposed afterwards.

The report computes a loss in two ways that are the same mathematically, `log(p.transpose(-2, -1))` and
`log(p).transpose(-2, -1)`, and gets two values on the GPU. A comment adds `clamp` after `moveaxis`, with completely
wrong results, and supposes one cause. That the result is written as if it were contiguous, as the author of a fix for
`clamp` says about that op, is inferred. Nothing is raised.

You hit it by taking log-probabilities after a transpose, as the class dimension of `F.nll_loss` asks for. Take the
logarithm first, or call `.contiguous()`. `log_softmax` is another op.

Reported in November 2022; the version is not known. The issue is closed; which change ended it is not known. Source
of the time of 2.0 reads and writes such a tensor in the order of its memory, which is right here.
"""

BUG = {
    "issue": "pytorch/pytorch#89673",
    "also": ["pytorch/pytorch#110120"],
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.log"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#89673", "date": "2022-11-25"}],
    "met_in": ["log-probabilities after a transpose, for nll_loss (thread)"],
    "caveat": "The cause is inferred from that of clamp; the thread shows losses alone.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["log"], "when": ["self.layout == permuted"]}],
    "effect": "ignores-strides(result)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(2, 3, 4, generator=generator) + 0.1,)  # batch, position, class


def compute(device, probabilities):
    return probabilities.to(device).transpose(-2, -1).log()


def workaround(device, probabilities):
    return probabilities.to(device).transpose(-2, -1).contiguous().log()


def control(device, probabilities):
    return probabilities.to(device).log().transpose(-2, -1)  # transposed afterwards


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
