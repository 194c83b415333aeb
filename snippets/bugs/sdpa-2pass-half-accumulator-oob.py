"""`F.scaled_dot_product_attention` corrupts memory in half types for 1,024 keys or more.

For long key sequences the fast kernel works in two passes and keeps running sums and maxima in between. PyTorch made
room for them in the dtype of the query, two bytes each, but the kernel stores floats of four bytes. Half of them land
in whatever lies behind, and what is read back is not what was stored. The output is wrong, differs from call to call,
and may hold NaN. Nothing is raised.

You hit it when you generate in float16 or bfloat16 and the context reaches 1,024 tokens: one new token (8 at most),
head size 64, 96 or 128, no mask, no `is_causal`. Pass a mask of zeros: it keeps the call off the fast kernels. Where
a gradient is recorded PyTorch uses other code. Grouped keys, with `enable_gqa=True`, are hit too.

2.7.1 was right, 2.8.0 brought the kernel, and 2.11.0 was tried before its release and found right.
"""

BUG = {
    "issue": "pytorch/pytorch#174861",
    "also": ["pytorch/pytorch#152781", "huggingface/transformers#44359"],
    "kind": "nondeterministic",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "introduced": {"version": "2.8", "basis": "thread"},
    "affected": ">=2.8,<2.11",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#174945",
    "reported": [{"thread": "pytorch/pytorch#174861", "date": "2026-02-12", "torch": "2.8.0"}],
    "met_in": [
        "token-by-token generation with contexts of 1,024 tokens or more: found with transformers 5 (pytorch/pytorch#174861)"
    ],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 5,
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "query.dtype in float16,bfloat16",
                "key.size.-2 >= 1024",
                "query.size.-2 <= 8",
                "query.size.-1 in 64,96,128",
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
    "effect": "noise(result, 10)",
    "dtypes": ["float16", "bfloat16"],
    "repeats": 3,
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(1, 8, 1, 64, generator=generator)  # batch, head, position, size: one new token
    k, v = torch.randn(2, 1, 8, 1024, 64, generator=generator)  # a context of 1,024
    return q, k, v


def compute(device, q, k, v):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device))


def workaround(device, q, k, v):
    mask = torch.zeros(1, 1024, dtype=q.dtype, device=device)  # a mask of numbers leaves the fast kernels
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), attn_mask=mask)


def control(device, q, k, v):
    k, v = k.to(device)[:, :, :992].contiguous(), v.to(device)[:, :, :992].contiguous()  # one pass is enough
    return F.scaled_dot_product_attention(q.to(device), k, v)


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

    def error_ratios(got, cpu, exact):  # one for each output
        alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
        return [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]

    found = {}
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
        cpu, exact = run(function, "cpu"), run(control if function is control else compute, "cpu", precision=wide)
        try:
            runs = [run(function, device) for _ in range(BUG["repeats"])]
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            each = [error_ratios(got, cpu, exact) for got in runs]
            worst, wrong = max(each, key=max), sum(max(ratios) > 10 for ratios in each)
            found[function] = "WRONG" if wrong else "agrees"
            said = f"error ratio {', '.join(f'{ratio:.3g}' for ratio in worst)}, 10 allowed, "
            said += f"{wrong} of {len(runs)} runs are wrong"
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    if found[compute] == "agrees":
        rate, repeats = 1 - 0.01 ** (1 / BUG["repeats"]), BUG["repeats"]
        seen = 1 - (1 - rate) ** repeats
        print(f"What is wrong in {rate:.2%} of runs shows in {repeats} runs with a chance of {seen:.2%}.")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
