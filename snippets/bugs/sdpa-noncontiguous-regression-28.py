"""`scaled_dot_product_attention` ignores the strides of a transposed query of 8 positions or fewer.

Heads and positions of the query are mixed up: the kernels for short queries step through it as if it were contiguous.
Nothing is raised. Queries with other strides are right.

You hit it with the usual way to split heads, `view(batch, length, heads, size).transpose(1, 2)`, and at most 8
positions. BERT and other encoders in `transformers` do with an unpadded short sentence; `sentence-transformers` gave
other embeddings for "hello world" with 2.8.0 than with 2.7.1. GPT-2 and Llama there do not (seen with 5.24): a prompt
is computed with `is_causal` or a mask, and the query of a single new token is contiguous. Call `.contiguous()` on the
query.

PyTorch 2.8.0 brought these kernels, 2.9.0 hands them the query's strides. Batches of more than one stayed wrong until
2.12 (pytorch#181133). The kernels also went wrong where the number of keys is no multiple of 32 (pytorch#169222).

By the code in the 2.8.0 wheel, the kernels run on macOS 15 or newer with at least as many keys as positions, head
size 64, 96 or 128, no mask, no `is_causal`, no dropout, and where no gradient is recorded.
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
    "caveat": "The snippet has one sequence and 32 keys, since these kernels have further bugs for batches and other numbers of keys. A boolean mask becomes a mask of numbers first.",
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
