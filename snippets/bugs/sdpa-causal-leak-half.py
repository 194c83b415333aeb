"""`F.scaled_dot_product_attention` with `is_causal=True` lets queries see later keys in half types.

In float16 and bfloat16 the causal limit is applied once for each group of four queries, so that three of the four can
see keys behind their own position. The output looks plausible, and nothing is raised. float32 is right.

You hit it when you run a decoder in half precision with `is_causal=True`: later tokens leak into the logits and the
residual stream of earlier ones, which makes causal tracing and patching meaningless. Pass an explicit mask as
`attn_mask`. Decoding one token at a time is right. Where a gradient is recorded, PyTorch uses other code, which makes
a mask of its own; that it is right is inferred.

Seen with 2.10.0 on an M5 Max, where 17 tokens gave a relative error of 0.572. That report says that the bug reaches
to 2.12.1 and is fixed in 2.13.0; 2.14.0 was measured as right on an M4 Pro. Which version brought it, and which
change fixed it, is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#195910",
    "also": ["multimodal-art-projection/YuE#176"],
    "kind": "wrong",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "affected": ">=2.10.0,<2.13",
    "basis": {"seen": "thread", "fixed": "thread"},
    "reported": [
        {"thread": "pytorch/pytorch#195910", "date": "2026-09-03"},
        {
            "thread": "multimodal-art-projection/YuE#176",
            "date": "2026-09-14",
            "torch": "2.10.0",
            "macos": "27.0",
            "chip": "M5 Max",
            "figures": {"relative_error_17_tokens": 0.572},
        },
    ],
    "met_in": [
        "transformers: Whisper in float16 (its decoder)",
        "YuE2: the start of a prompt, in bfloat16 (multimodal-art-projection/YuE#176)",
    ],
    "caveat": "The fix is known from a user's report (YuE#176), which names no pull request. The software model of this bug drops the causal limit for every query, not for three in four.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 1,
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "is_causal.value == true",
                "query.dtype in float16,bfloat16",
                "query.size.-2 > 1",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        }
    ],
    "effect": "sets(is_causal, false)",
    "dtypes": ["float16", "bfloat16"],
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 4, 64, 64, generator=generator)  # batch, head, position, size
    return q, k, v


def compute(device, q, k, v):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), is_causal=True)


def workaround(device, q, k, v):
    mask = torch.ones(64, 64, dtype=torch.bool).tril().to(device)
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask)


def control(device, q, k, v):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device))  # no causal limit to apply


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU; inputs in the dtype of the turn
        tensors = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in inputs()]
        outputs = function(*where, *map(precision, tensors))
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
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
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
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
