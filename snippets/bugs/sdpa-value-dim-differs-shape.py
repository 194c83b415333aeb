"""`F.scaled_dot_product_attention` returns the head size of the query instead of the value's.

Query and key may have another head size than the value, and the result should have that of the value. On Apple GPUs
the result was made as wide as the query. Its memory is filled with fewer numbers than it has places, so that they land
in the wrong columns and the rest is what the memory held before: two equal calls differ (inferred, from a report where
they do, in all rows but the first two). Nothing is raised as long as the wrong width fits what comes next.

Models with multi-head latent attention hit it, such as DeepSeek, whose queries have 192 numbers a head and whose
values have 128. Pad the value to the head size of the query, and cut the result. Where a gradient is recorded, or
with dropout, PyTorch uses other code.

Reported in March 2026. The release notes of 2.12.0 have the fix; since when it goes wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#176767",
    "also": ["huggingface/transformers#44554", "huggingface/transformers#44591"],
    "kind": "wrong",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "affected": "<2.12",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#176843",
    "reported": [
        {
            "thread": "pytorch/pytorch#176767",
            "date": "2026-03-06",
            "figures": {
                "cpu_last_dim": 24,
                "mps_last_dim": 32,
                "two_equal_calls_differ_by": "-0.08 to -0.17 in rows 2..7 (transformers#44554)",
            },
        }
    ],
    "met_in": [
        "models whose value heads differ from their query heads, such as DeepSeek (huggingface/transformers#44554)"
    ],
    "caveat": "The software model of this bug has the right shape, filled with junk.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 10,
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "value.size.-1 != query.size.-1",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        }
    ],
    "effect": "unwritten(result)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 1, 1, 16, 32, generator=generator)  # batch, head, position, size
    return q, k, torch.randn(1, 1, 16, 24, generator=generator)


def compute(device, q, k, v):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device))


def workaround(device, q, k, v):
    v = F.pad(v.to(device), (0, 8))  # as wide as the query
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v)[..., :24]


def control(device, q, k, v):
    q, k = q[..., :24].contiguous().to(device), k[..., :24].contiguous().to(device)
    return F.scaled_dot_product_attention(q, k, v.to(device))  # one head size


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
