"""`F.scaled_dot_product_attention` reads a mask that broadcasts over heads at the wrong place.

The Metal kernels for short queries find the mask of a head by one counter, which runs over the heads of the whole
batch, and by the mask's stride from head to head. A mask of shape (batch, 1, query, key) has none, so each prompt of
the batch gets the mask of the first (inferred from the source of that time). In the thread the result is off by 0.096.
Nothing is raised.

You would hit it in generation of a batch with padding, as `transformers` makes such masks. Expand the mask to all
heads and make it contiguous.

These kernels got masks of numbers on 12 May 2026 (pytorch#183458) and this fix on 18 May, in the development of 2.13,
so that only builds in between have it. By the wheels of 2.8.0 to 2.12.0 these kernels never get a mask there. They
take queries of up to 8 positions, heads of 64, 96 or 128, and no gradients. A mask of one prompt for a whole batch,
(1, head, query, key), is read behind its end by the same code (inferred); it is not checked.
"""

BUG = {
    "issue": "pytorch/pytorch#184180",
    "also": ["pytorch/pytorch#183458"],
    "kind": "wrong",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "introduced": {"version": "2.13.0.dev0", "basis": "wheel"},
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184180",
    "reported": [
        {
            "thread": "pytorch/pytorch#184180",
            "date": "2026-05-18",
            "figures": {"mps_minus_cpu_max": 0.0961458683013916},
        }
    ],
    "met_in": ["transformers: GPT-2, Llama and Mixtral, in generation of a batch with a cache, on such a build"],
    "caveat": "Seen on a build after #183458, which gave these kernels masks of numbers. By the wheels of 2.8.0 to 2.12.0, F.scaled_dot_product_attention never runs them with a mask. The software model of this bug drops the mask.",
    "caused_by": "torch",
    "in_a_release": False,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "attn_mask.size.-4 > 1",
                "attn_mask.stride.-3 == 0",
                "query.size.-2 <= 8",
                "key.size.-2 >= query.size.-2",
                "query.size.-1 in 64,96,128",
                "value.size.-1 == query.size.-1",
                "query.size.-3 > 1",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        },
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "attn_mask.size.-4 > 1",
                "attn_mask.size.-3 == 1",
                "query.size.-2 <= 8",
                "key.size.-2 >= query.size.-2",
                "query.size.-1 in 64,96,128",
                "value.size.-1 == query.size.-1",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
            ],
        },
    ],
    "effect": "drops(attn_mask)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, 0, 4:, :4] = -torch.inf
    return torch.randn(2, 4, 8, 64, generator=generator), mask  # batch, head, position, size


@torch.no_grad()
def compute(device, q, mask):
    q = q.to(device)
    return F.scaled_dot_product_attention(q, q, q, attn_mask=mask.to(device))


@torch.no_grad()
def workaround(device, q, mask):
    q = q.to(device)
    return F.scaled_dot_product_attention(q, q, q, attn_mask=mask.to(device).expand(2, 4, 8, 8).contiguous())


@torch.no_grad()
def control(device, q, mask):
    q = q.to(device)
    return F.scaled_dot_product_attention(q, q, q, attn_mask=mask.to(device)[0])  # one mask for the whole batch


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
