"""`masked_fill_` on a non-contiguous tensor changes values that the mask does not select.

On a view in another order, such as a transpose, the right result was computed and then written from front to back, as
if the view were contiguous. So its elements land in the wrong places: positions that should be masked are not, others
are, and unmasked values change. Nothing is raised.

It takes an in-place call on a tensor that is not contiguous; the mask does not matter. pytorch#107694 took it for a
matter of the mask, since `zeros_like` of a transposed mask is transposed itself; its figures are exactly those of a
result written densely.

You hit it when you mask attention scores in place. Use `masked_fill` without the underscore, or call `.contiguous()`
first. GroundingDINO did: a change there uses `masked_fill` instead (IDEA-Research/GroundingDINO#349).

It was seen on 2.0.1 with macOS 13.5 and on 2.3.1; 2.5.0 has the fix (pytorch#131957). That the report of 2.0.1 is the
same fault is inferred from its figures.
"""

BUG = {
    "issue": "pytorch/pytorch#131285",
    "also": ["IDEA-Research/GroundingDINO#349"],
    "kind": "wrong",
    "family": "mask",
    "ops": ["torch.Tensor.masked_fill_"],
    "affected": ">=2.0.1,<2.5",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#131957",
    "reported": [
        {
            "thread": "pytorch/pytorch#107694",
            "date": "2023-08-22",
            "torch": "2.0.1",
            "macos": "13.5",
            "figures": {"cpu": [[0, 1], [0, 1], [1, 1], [1, 1]], "mps": [[0, 1], [1, 1], [0, 1], [1, 1]]},
        },
        {
            "thread": "pytorch/pytorch#131285",
            "date": "2024-07-20",
            "torch": "2.3.1",
            "figures": {"weights": "(8, 5, 19322)", "mask": "(8, 1, 19322)"},
        },
    ],
    "met_in": ["GroundingDINO (IDEA-Research/GroundingDINO#349)", "attention scores masked in place (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 28,
    "trigger": [{"op": ["masked_fill"], "form": "inplace", "when": ["self.layout != contiguous"]}],
    "effect": "ignores-strides(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 3, 4, generator=generator)  # (batch, key, query)
    return scores, torch.tensor([False, True, True])  # the last two keys are masked


def compute(device, scores, mask):
    scores = scores.to(device).transpose(1, 2)  # (batch, query, key): a view in another order
    return scores.masked_fill_(mask.to(device), float("-inf"))


def workaround(device, scores, mask):
    return scores.to(device).transpose(1, 2).masked_fill(mask.to(device), float("-inf"))


def control(device, scores, mask):
    scores = scores.to(device).transpose(1, 2).contiguous()
    return scores.masked_fill_(mask.to(device), float("-inf"))


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
