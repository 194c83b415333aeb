"""`scaled_dot_product_attention` ignores the strides of a transposed query of 8 positions or fewer.

PyTorch 2.8.0 brought fast kernels for short queries (at most 8 positions, no more than there are keys, head size 64, 96
or 128). They step through the query as if it were contiguous. The usual way to split heads,
`view(batch, length, heads, size).transpose(1, 2)`, is therefore read with heads and positions mixed up. Nothing is
raised. A query with other strides is copied first and is right.

By the code in the 2.8.0 wheel, they run only without a mask, without `is_causal`, without dropout, where no gradient is
recorded, and on macOS 15 or newer. A boolean mask is no way in: it becomes a mask of numbers first. So BERT and other
encoders in `transformers` meet it with an unpadded short sentence; `sentence-transformers` gave other embeddings for
"hello world" with 2.8.0 than with 2.7.1. GPT-2 and Llama there do not (seen with 5.24): a prompt is computed with
`is_causal` or with a mask, and the query of a single new token is contiguous.

PyTorch 2.9.0 hands the query's strides to the kernels. Batches of more than one stayed wrong until 2.12
(pytorch/pytorch#181133), hence one sequence here; 32 keys, because these kernels also went wrong where the number of
keys is no multiple of 32 (pytorch/pytorch#169222).
"""

BUG = {
    "issue": "pytorch/pytorch#163597",
    "also": [
        "huggingface/sentence-transformers#3507",
        "huggingface/sentence-transformers#3197",
        "pytorch/pytorch#152781",
    ],
    "kind": "wrong",
    "family": "attention",
    "introduced": {"version": "2.8", "basis": "thread"},
    "affected": ">=2.8,<2.9",
    "basis": {"seen": "thread", "fixed": "wheel", "macos": "wheel"},
    "fixed_pr": "pytorch/pytorch#163598",
    "macos": ">=15",
    "reported": [
        {"thread": "pytorch/pytorch#163597", "date": "2025-09-23", "torch": "2.8.0"},
        {
            "thread": "huggingface/sentence-transformers#3507",
            "date": "2025-08-31",
            "torch": "2.8.0",
            "figures": {"first_component_cpu": 0.3980594, "first_component_mps": 0.0147207},
        },
    ],
    "met_in": [
        "transformers: BERT-like encoders with sdpa attention on an unpadded text of 8 tokens or fewer",
        "sentence-transformers: embeddings of short sentences",
    ],
    "danger": 4,
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "query.order == 0213",
                "query.layout != contiguous",
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
    q = torch.randn(1, 8, 4, 64, generator=generator)  # batch, position, head, size: before the heads are split off
    k = torch.randn(1, 4, 32, 64, generator=generator)  # batch, head, position, size
    v = torch.randn(1, 4, 32, 64, generator=generator)
    return q, k, v


def compute(device, q, k, v):
    query = q.to(device).transpose(1, 2)  # shape (1, 4, 8, 64), strides of the shape before: a view
    return F.scaled_dot_product_attention(query, k.to(device), v.to(device))


def workaround(device, q, k, v):
    query = q.to(device).transpose(1, 2).contiguous()
    return F.scaled_dot_product_attention(query, k.to(device), v.to(device))


def control(device, q, k, v):
    query = torch.cat([q, q[:, :1]], dim=1).to(device).transpose(1, 2)  # 9 positions: too long for the fast kernels
    return F.scaled_dot_product_attention(query, k.to(device), v.to(device))


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
