"""`F.scaled_dot_product_attention` uses the `scale` of an earlier call.

Where no fast kernel fits, attention on Apple GPUs is a graph that PyTorch builds once and finds again by a name. The
scale is built into the graph as a constant, but is not part of the name. So the first call with these shapes and dtypes
decides the scale of all later ones in the process. Nothing is raised.

You hit it when models with an unusual scale (GPT-Neo and T5 use 1.0) run in one session with others of the same shapes,
or when you compare scales yourself. The fast kernels for short queries (at most 8 positions, head size 64, 96 or 128)
take the scale as an argument and are right. By the source of that time they take no call with `is_causal` or a mask of
numbers, and a boolean mask becomes one; the trigger names what goes past them. The name of the graph says shapes and
dtypes of query, key and value, whether there is a mask, and `is_causal`.

Reported in May 2026. Multiply the query by the scale yourself and pass `scale=1.0` always. The release notes of 2.13.0
have the fix; since when it goes wrong is not known.
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
        "models with non-standard attention scale (T5, Gemma, GPT-Neo scale 1.0) mixed with others in one session"
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
