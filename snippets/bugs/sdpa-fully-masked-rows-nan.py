"""`F.scaled_dot_product_attention` gives NaN for queries whose mask blocks every key.

Such a query has nothing to attend to. The CPU answers with zeros; on Apple GPUs the softmax of a row of minus infinity
was not treated on its own, and gave NaN. Nothing is raised.

You hit it with padded batches, where a mask that combines padding and causality leaves the padded queries without a
key: the NaN of those rows then spreads through every mean over positions. It happens where no gradient is recorded
and without dropout; else PyTorch uses other code, so the same model is fine in training (pytorch#167515 describes
just this).

Seen with 2.7.1 on macOS 15.6.1, if that report (huggingface/transformers#40858) is of this bug, as its mask says. The
release notes of 2.9.0 have the fix. The first version that goes wrong is not known. Let such rows see one key, or
replace the NaN afterwards.
"""

BUG = {
    "issue": "pytorch/pytorch#156707",
    "also": ["pytorch/pytorch#167515", "huggingface/transformers#40858"],
    "kind": "nan",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "affected": ">=2.7.1,<2.9",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#157727",
    "reported": [
        {"thread": "pytorch/pytorch#156707", "date": "2025-06-24"},
        {
            "thread": "huggingface/transformers#40858",
            "date": "2025-09-12",
            "torch": "2.7.1",
            "macos": "15.6.1",
            "figures": {"cpu": "finite", "mps_no_grad": "NaN", "mps_with_grad": "finite"},
        },
    ],
    "met_in": [
        "transformers: GPT-2, Llama and Mixtral on prompts padded on the left, in evaluation",
        "means over positions of such a batch (judged)",
    ],
    "caveat": "That the report with 2.7.1 is of this bug is inferred: a mask with such rows, NaN without gradients alone.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 8,
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "attn_mask has masked-row",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        }
    ],
    "effect": "sets(result, nan)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 1, 2, 4, generator=generator)  # batch, head, position, size
    return q, k, v, torch.tensor([[False, False], [True, True]])  # the first query sees no key


def compute(device, q, k, v, mask):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask.to(device))


def workaround(device, q, k, v, mask):
    blocked = ~mask.to(device).any(dim=1, keepdim=True)
    out = F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask.to(device) | blocked)
    return out.masked_fill(blocked, 0.0)


def control(device, q, k, v, mask):
    mask = mask.to(device) | torch.eye(2, dtype=torch.bool, device=device)  # each query sees itself
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask)


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
