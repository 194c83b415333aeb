"""`F.scaled_dot_product_attention` is wrong for permuted q, k and v of a batch.

The fast kernels for short queries (at most 8 positions, no more than there are keys, head size 64, 96 or 128) were told
one stride for batch and head together. For heads that are split with `view(batch, length, heads, size).transpose(1, 2)`
that is not enough: the query of every sequence but the first is read at the wrong place (inferred from the fix, which
hands over the batch strides). By a stored state of the source before the fix, key and value are copied first, so that
the layout of the query decides. Nothing is raised. The thread measures an error of 3.6, and 8e-7 after `.contiguous()`.

Encoders such as BERT hit it with a batch of short texts: the batch gives other logits than its rows one by one. By the
wheels these kernels run on macOS 15 or newer, without mask, without `is_causal`, without dropout, and where no gradient
is recorded. A single sequence is right from 2.9.0 on.

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
        "attention modules that split heads with view+transpose, called without mask and is_causal",
        "BERT and RoBERTa of transformers: a batch gives other logits than its rows one by one",
    ],
    "caveat": "#170874 (December 2025) set out to fix the same case; whether it was merged was not read.",
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


# The lines below are the same in every snippet: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    try:
        torch.ones(1, device=device)
    except Exception:
        sys.exit(f"COULD NOT RUN: this torch sees no device {device!r}; on a Mac see torch.backends.mps.is_available()")
    kind, repeats = BUG["kind"], BUG.get("repeats", 1)
    if kind in ("crash", "hang", "memory"):
        print(f"The bug is of the kind {kind}: where the lines end without a verdict, it is there.", flush=True)
    if "memory" in BUG:
        print(f"This needs {BUG['memory']} GiB of free memory.", flush=True)

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, dtype):  # its outputs, on the CPU
        dtype = getattr(torch, dtype)
        outputs = function(*[t.to(dtype) if t.is_floating_point() else t for t in inputs()])
        return [t.detach().cpu() for t in (outputs if isinstance(outputs, tuple) else (outputs,))]

    def error_ratio(got, cpu, exact):  # the device's error over the CPU's; infinite where no rounding explains it
        if got.shape != cpu.shape or got.dtype != cpu.dtype:
            return float("inf")
        same = [(got == t) | (got.isnan() & t.isnan()) for t in (cpu, exact.to(cpu.dtype))]
        if got.numel() == 0 or not (got.is_floating_point() or got.is_complex()):
            return 0.0 if (same[0] | same[1]).all() else float("inf")
        eps, got, cpu, exact = torch.finfo(cpu.dtype).eps, wide(got), wide(cpu), wide(exact)
        exact = torch.where(exact.isfinite(), exact, cpu)
        here, there = (t.isfinite() & exact.isfinite() for t in (cpu, got))  # NaN and infinity have their places
        pairs = ((got - exact, there), (cpu - exact, here), (exact, here))
        sizes = (torch.where(finite, t.abs(), 0.0) for t, finite in pairs)
        error, own, size = (torch.stack([t.square().mean().sqrt(), t.max()]) for t in sizes)  # RMS and largest
        rounding = torch.maximum(own, eps * size).clamp(min=2**-126) if own.any() else own  # a copy must be exact
        ratio = (error / rounding).nan_to_num(0.0, float("inf")).max().item()
        return ratio if (same[0] | same[1] | there).all() else float("inf")

    def in_float64(function):
        return lambda *tensors: function("cpu", *map(wide, tensors))

    def verdict(function, reference, dtype):
        shown = f"  {function.__name__:10}" + f" {dtype}" * ("dtypes" in BUG)
        try:
            runs = [run(lambda *tensors: function(device, *tensors), dtype) for _ in range(repeats)]
        except Exception as error:
            print(f"{shown} {type(error).__name__}: {str(error).partition(chr(10))[0]}: ERROR", flush=True)
            return "ERROR"
        cpu, exact = run(lambda *tensors: function("cpu", *tensors), dtype), run(reference, dtype)
        found = []
        for got in runs:
            ratios = [error_ratio(*outputs) for outputs in zip(got, cpu, exact)]
            found.append(ratios if len(got) == len(cpu) else [float("inf")])
        wrong = sum(max(ratios) > 10 for ratios in found)
        ratios = ", ".join(f"{ratio:.3g}" for ratio in max(found, key=max))  # one for each output, of the worst run
        often = f", {wrong} of {repeats} runs are wrong" * (repeats > 1)
        print(f"{shown} error ratio {ratios}, 10 allowed{often}: {'WRONG' if wrong else 'agrees'}", flush=True)
        return "WRONG" if wrong else "AGREES"

    found, beside, reference = [], [], globals().get("reference", in_float64(compute))
    for dtype in BUG.get("dtypes", ["float32"]):
        found.append(verdict(compute, reference, dtype))
        beside.append(verdict(control, in_float64(control), dtype))
        if "workaround" in globals():
            verdict(workaround, reference, dtype)
    worst = max(found)  # by the alphabet: AGREES, ERROR, WRONG
    if worst == "ERROR" and (kind not in ("error", "memory") or max(beside) != "AGREES"):
        sys.exit("COULD NOT RUN: compute raised an error; that is not the bug, or control is not right either")
    right = worst == "AGREES"
    if right and repeats > 1:
        rate = BUG.get("rate", 1 - 0.01 ** (1 / repeats))
        seen = 1 - (1 - rate) ** repeats
        print(f"What is wrong in {rate:.2%} of runs shows in {repeats} runs with a chance of {seen:.2%}.")
    print(f"{worst}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if right else 3)
