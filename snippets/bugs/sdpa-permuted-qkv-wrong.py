"""`F.scaled_dot_product_attention` is wrong for permuted q, k and v of a batch.

The fast kernels for short queries (at most 8 positions, no more than there are keys, head size 64, 96 or 128) were
told one stride for batch and head together. For heads that are split with `view(batch, length, heads,
size).transpose(1, 2)` that is not enough: the query of every sequence but the first is read at the wrong place
(inferred from the fix, which hands over the batch strides). By source before the fix, key and value are copied first,
so that the layout of the query decides. Nothing is raised. The thread measures an error of 3.6, and 8e-7 after
`.contiguous()`.

Encoders such as BERT hit it with several short texts: the batch gives other logits than its rows one by one. Call
`.contiguous()` on q, k and v. By the wheels these kernels run on macOS 15 or newer, without mask, without
`is_causal`, without dropout, and where no gradient is recorded. A single sequence is right from 2.9.0 on.

By the wheels it came with the kernels in 2.8.0, and 2.12.0 has the fix. Seen with 2.9.1 on an M3 Max.
"""

BUG = {
    "issue": "pytorch/pytorch#181133",
    "also": ["pytorch/pytorch#170837", "pytorch/pytorch#170874"],
    "kind": "wrong",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "affected": ">=2.8,<2.12",
    "basis": {"seen": "wheel", "fixed": "wheel"},
    "fixed_pr": "pytorch/pytorch#181151",
    "macos": ">=15",
    "reported": [
        {
            "thread": "pytorch/pytorch#181133",
            "date": "2026-04-22",
            "figures": {"mps_max_abs_err_noncontiguous": 3.618, "mps_max_abs_err_contiguous": 7.749e-07},
        },
        {"thread": "pytorch/pytorch#170837", "date": "2025-12-19", "torch": "2.9.1", "macos": "15.5", "chip": "M3 Max"},
    ],
    "met_in": [
        "attention modules that split heads with view+transpose, called without mask and is_causal (judged)",
        "BERT and RoBERTa of transformers: a batch gives other logits than its rows one by one",
    ],
    "caveat": "#170874 (December 2025) set out to fix the same case; whether it was merged is not known.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 3,
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "query.order == 0213",
                "query.layout != contiguous",
                "query.size.0 > 1",
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
    "effect": "ignores-strides(query)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 4, 8, 2, 64, generator=generator)  # batch, position, head, size: heads not yet split off
    return q, k, v


def compute(device, q, k, v):
    q, k, v = (t.to(device).transpose(1, 2) for t in (q, k, v))  # batch, head, position, size: views
    return F.scaled_dot_product_attention(q, k, v)


def workaround(device, q, k, v):
    q, k, v = (t.to(device).transpose(1, 2).contiguous() for t in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v)


def control(device, q, k, v):
    q, k, v = (t.to(device).flatten(0, 1)[None].transpose(1, 2) for t in (q, k, v))  # one sequence of 24 positions
    return F.scaled_dot_product_attention(q, k, v)


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
