"""`F.scaled_dot_product_attention` counts a finite float mask too little.

The Metal kernels for long queries compute the softmax with powers of two, since those are faster. The scores are scaled
to fit, the mask was not: a value of -3 counts as about -2.1, by a factor of ln 2, 0.69 (inferred from the fix, which
multiplies by log2(e)). A mask of 0 and minus infinity is right, and so in effect is one of very large numbers, which is
how the test missed it.

Models that add a bias to the scores would hit it (T5, ALiBi). Write the softmax of scores plus mask yourself. The
kernels came in the development of 2.13 and were fixed before its release, so that only builds in between have the
bug.

They take queries of more than 8 positions, one head size for query, key and value, and a mask in the dtype of the
query, where no gradient is recorded. Which head sizes they took in those builds is not known for each; a later state
of the source has 32, 64, 72, 80, 96, 128 and 256.
"""

BUG = {
    "issue": "pytorch/pytorch#184400",
    "also": ["pytorch/pytorch#181575"],
    "kind": "wrong",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "introduced": {"version": "2.13.0.dev0", "basis": "release notes"},
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184400",
    "reported": [{"thread": "pytorch/pytorch#184400", "date": "2026-05-19"}],
    "met_in": ["transformers: T5, whose position bias is a mask of numbers", "ALiBi (judged)"],
    "caveat": "The kernels (#181575) and the fix are both new in 2.13.0.",
    "caused_by": "torch",
    "in_a_release": False,
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "attn_mask.max > 0",
                "query.size.-2 > 8",
                "query.size.-1 in 32,64,72,80,96,128,256",
                "value.size.-1 == query.size.-1",
                "attn_mask.dtype == query.dtype",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        },
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "attn_mask.max < 0",
                "attn_mask.max > -1000",
                "query.size.-2 > 8",
                "query.size.-1 in 32,64,72,80,96,128,256",
                "value.size.-1 == query.size.-1",
                "attn_mask.dtype == query.dtype",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        },
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "attn_mask.min < 0",
                "attn_mask.min > -1000",
                "query.size.-2 > 8",
                "query.size.-1 in 32,64,72,80,96,128,256",
                "value.size.-1 == query.size.-1",
                "attn_mask.dtype == query.dtype",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        },
    ],
    "effect": "scales(attn_mask, 0.6931471805599453)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 64, 64, generator=generator)  # batch, head, position, size
    mask = torch.zeros(64, 64)
    mask[:, ::8] = -3.0  # a bias, nothing is blocked
    return q, k, v, mask


def compute(device, q, k, v, mask):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask.to(device))


def workaround(device, q, k, v, mask):
    scores = q.to(device) @ k.to(device).transpose(2, 3) * 64**-0.5
    return torch.softmax(scores + mask.to(device), dim=-1) @ v.to(device)


def control(device, q, k, v, mask):
    mask = mask.masked_fill(mask < 0, float("-inf")).to(device)
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
