"""`torch.where` with a transposed condition returns what its memory held before.

PyTorch gives the result of `where` the strides of its arguments, the condition first. If that makes a result that is
not contiguous, the code for Apple GPUs lets the GPU write into a contiguous copy, which is then thrown away (inferred
from the source before the fix; that after it keeps the copy and writes it back). So the numbers are those of
uninitialised memory. In the report the condition is true everywhere, and the result is zero everywhere: it is not the
condition that is misread. Nothing is raised.

You hit it by masking with a transposed mask, `torch.where(mask.T, scores, 0.0)`, and by masking transposed numbers:
T5 of transformers 5.24 does in its decoder, whose position bias is permuted (seen on a CPU). GPT-2, Llama and BERT do
not. Call `.contiguous()` on the condition, or on the numbers.

Reported for a build of 2.8 on macOS 13.7, fixed in the same month, before 2.8.0. The same code is in sources of
earlier releases; that those are wrong too is inferred. By the same source no copy is made since macOS 15.
"""

BUG = {
    "issue": "pytorch/pytorch#150967",
    "kind": "wrong",
    "family": "strides",
    "ops": ["torch.where"],
    "affected": ">=2.8.0a0,<2.8",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#151176",
    "macos": "<15",
    "macos_note": "seen on 13.7.1; by the source only macOS before 15 takes the copy",
    "reported": [
        {
            "thread": "pytorch/pytorch#150967",
            "date": "2025-04-09",
            "torch": "2.8.0a0",
            "macos": "13.7.1",
            "chip": "M1 Max",
            "figures": {"cpu": [[0, 0], [0, 1]], "mps": [[0, 0], [0, 0]]},
        }
    ],
    "met_in": ["transformers: T5, its decoder", "applying a transposed mask (judged)"],
    "caveat": "That #151176 is the fix is known from its place in the release notes and from the source after it.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["where"], "when": ["self.given == true", "result.layout != contiguous"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1], [0, 1, 1]])
    return mask, torch.randn(3, 3, generator=generator)


def compute(device, mask, scores):
    seen = mask.to(device).bool().T  # a view: the result takes its strides
    return torch.where(seen, scores.to(device), 0.0)


def workaround(device, mask, scores):
    seen = mask.to(device).bool().T.contiguous()
    return torch.where(seen, scores.to(device), 0.0)


def control(device, mask, scores):
    return torch.where(mask.to(device).bool(), scores.to(device), 0.0)


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
