"""`F.scaled_dot_product_attention` hides a NaN in the query.

A query that holds NaN should give NaN. The kernels for Apple GPUs look for the largest score with a maximum that skips
NaN, and the output comes out finite. Nothing is raised: where something upstream is broken already, the forward pass
looks clean from there on.

The example of the fix is a query of 4 positions with 16 keys and head size 64: 64 NaN on the CPU, none on the GPU.
That is a call of the fast kernels for short queries, and only those are checked; the title of the fix names the
attention kernels altogether. Look for NaN before attention, not behind it.

The release notes of 2.14.0 have the fix. The first version that goes wrong is not known; by the wheels, 2.8.0 brought
these kernels.
"""

BUG = {
    "issue": "pytorch/pytorch#188147",
    "kind": "wrong",
    "family": "mask",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "affected": "<2.14",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#188147",
    "reported": [
        {"thread": "pytorch/pytorch#188147", "date": "2026-06-25", "figures": {"cpu_nan_count": 64, "mps_nan_count": 0}}
    ],
    "met_in": ["a NaN upstream is masked: a broken forward pass looks clean (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "query has nan",
                "query.size.-2 <= 8",
                "query.size.-1 in 64,96,128",
                "key.size.-2 >= query.size.-2",
                "value.size.-1 == query.size.-1",
                "attn_mask.given == false",
                "is_causal.value == false",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        }
    ],
    "effect": "sets(query, 0)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(1, 1, 4, 64, generator=generator)  # batch, head, position, size
    q[0, 0, 0, 0] = float("nan")
    k, v = torch.randn(2, 1, 1, 16, 64, generator=generator)
    return q, k, v


def compute(device, q, k, v):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device))


def workaround(device, q, k, v):
    q = q.to(device)
    out = F.scaled_dot_product_attention(q.nan_to_num(0.0), k.to(device), v.to(device))
    return out.masked_fill(q.isnan().any(dim=-1, keepdim=True), float("nan"))


def control(device, q, k, v):
    return F.scaled_dot_product_attention(q.to(device)[:, :, 1:].contiguous(), k.to(device), v.to(device))


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
