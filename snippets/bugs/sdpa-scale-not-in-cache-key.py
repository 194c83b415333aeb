"""`F.scaled_dot_product_attention` uses the `scale` of an earlier call.

The first call with these shapes and dtypes decides the scale of all later ones in the process. Nothing is raised.

You hit it when models with an unusual scale (GPT-Neo and T5 use 1.0) run in one session with others of the same
shapes, or when you compare scales yourself. Multiply the query by the scale yourself and pass `scale=1.0` always.

Reported in May 2026. The release notes of 2.13.0 have the fix; since when it goes wrong is not known.

Where no fast kernel fits, attention on Apple GPUs is a graph that PyTorch builds once and finds again by a name. The
scale is built into the graph as a constant, but is not part of the name, which says shapes and dtypes of query, key
and value, whether there is a mask, and `is_causal`. The fast kernels for short queries (at most 8 positions, head
size 64, 96 or 128) take the scale as an argument and are right. By the source of that time they take no call with
`is_causal` or a mask of numbers, and a boolean mask becomes one.
"""

BUG = {
    "issue": "pytorch/pytorch#184122",
    "kind": "wrong",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184122",
    "reported": [{"thread": "pytorch/pytorch#184122", "date": "2026-05-17"}],
    "met_in": [
        "models with non-standard attention scale (T5, Gemma, GPT-Neo scale 1.0) mixed with others in one session (judged)"
    ],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 9,
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "query.size.-2 > 8",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
                "earlier.scale.value != scale.value",
                "earlier.query.shape == query.shape",
                "earlier.query.dtype == query.dtype",
                "earlier.key.shape == key.shape",
                "earlier.value.shape == value.shape",
                "earlier.is_causal.value == is_causal.value",
                "earlier.attn_mask.given == attn_mask.given",
            ],
        },
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "query.size.-1 < 64",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
                "earlier.scale.value != scale.value",
                "earlier.query.shape == query.shape",
                "earlier.query.dtype == query.dtype",
                "earlier.key.shape == key.shape",
                "earlier.value.shape == value.shape",
                "earlier.is_causal.value == is_causal.value",
                "earlier.attn_mask.given == attn_mask.given",
            ],
        },
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "is_causal.value == true",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
                "earlier.scale.value != scale.value",
                "earlier.query.shape == query.shape",
                "earlier.query.dtype == query.dtype",
                "earlier.key.shape == key.shape",
                "earlier.value.shape == value.shape",
                "earlier.is_causal.value == is_causal.value",
                "earlier.attn_mask.given == attn_mask.given",
            ],
        },
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "attn_mask.given == true",
                "dropout_p.value == 0",
                "query.grad == false",
                "key.grad == false",
                "value.grad == false",
                "earlier.scale.value != scale.value",
                "earlier.query.shape == query.shape",
                "earlier.query.dtype == query.dtype",
                "earlier.key.shape == key.shape",
                "earlier.value.shape == value.shape",
                "earlier.is_causal.value == is_causal.value",
                "earlier.attn_mask.given == attn_mask.given",
            ],
        },
    ],
    "effect": "stale(scale)",
    "fresh": True,
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 2, 4, 8, generator=generator),)  # batch, head, position, size


def attend(x, **scale):  # the argument came with torch 2.1
    return F.scaled_dot_product_attention(x, x, x, **scale)


def compute(device, x):
    attend(x.to(device))  # its scale, 8 ** -0.5, stays in the graph
    return attend(x.to(device), **{"scale": 2.0})


def workaround(device, x):
    x = x.to(device)
    attend(x)
    return F.scaled_dot_product_attention(x * (2.0 * 8**0.5), x, x)  # the scale goes into the query


def control(device, x):
    x = x.to(device)
    attend(x[:, :, :3])  # another length: a graph of its own
    return attend(x.transpose(1, 2).contiguous(), **{"scale": 2.0})  # shapes of its own, should compute have run before


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
