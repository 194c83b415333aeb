"""Sampling from GPT-2 in nanoGPT yields hardly anything but token 0 on `mps`.

In the threads nearly all of 100 tokens, or 16 of 16, are "!", which is token 0. The same model trains, and on the CPU it
writes text. 2.1 is right on the same Macs.

No thread names the call. nanoGPT and llm.c write `logits[logits < v[:, [-1]]] = -inf` before they draw, and pytorch#124206
shows that very line go wrong on 2.2.2 and macOS 14.4.1, where an update of macOS broke assignments to parts of a
tensor (pytorch#122016). That this is the cause here is inferred.

So this check runs the whole of it: a GPT-2 of one layer with random weights and the full vocabulary writes tokens with
the code of nanoGPT. Where nanoGPT draws the next token (`torch.multinomial`), it takes the most likely one, so that chance
decides nothing: a fault of the draw itself is not seen. A small model may miss what a larger one meets.

2.2.0 to 2.2.2 were seen affected, two of three reports without a version of macOS. No fix is named in the threads.
"""

BUG = {
    "issue": "karpathy/nanoGPT#458",
    "also": ["karpathy/llm.c#36", "pytorch/pytorch#124206", "pytorch/pytorch#122016"],
    "kind": "wrong",
    "family": "model",
    "introduced": {"version": "2.2", "basis": "thread"},
    "affected": ">=2.2.0,<=2.2.2",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "karpathy/nanoGPT#458",
            "date": "2024-03-20",
            "torch": "2.2.0",
            "chip": "M1 Pro",
            "figures": {"mps": "nearly all of 100 tokens are id 0"},
        },
        {"thread": "karpathy/nanoGPT#458", "date": "2024-03-20", "torch": "2.2.1", "chip": "M1 Pro"},
        {
            "thread": "karpathy/llm.c#36",
            "date": "2024-04-09",
            "torch": "2.2.2",
            "macos": "14.4.1",
            "chip": "M1 Pro",
            "figures": {"mps": "16 tokens of 16 are id 0"},
        },
    ],
    "met_in": ["sampling from GPT-2 with the code of nanoGPT or llm.c"],
    "caveat": "No cause is named; torch and macOS fit #122016.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "absent": {
        "trigger": "the threads name no call: a whole model writes wrong tokens, and the check runs all of it",
        "effect": "without a call there is nothing to make wrong in the same way",
    },
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    shapes = [(50257, 32), (16, 32), (96, 32), (32, 32), (128, 32), (32, 128)]
    wte, wpe, qkv, out, up, down = [torch.randn(shape, generator=generator) / 6 for shape in shapes]
    return torch.tensor([[50256, 11, 286]]), wte, wpe, qkv, out, up, down


def logits_of(tokens, wte, wpe, qkv, out, up, down):
    x = wte[tokens] + wpe[: tokens.shape[1]]
    q, k, v = F.linear(F.layer_norm(x, (32,)), qkv).split(32, dim=2)
    heads = [t.view(1, -1, 4, 8).transpose(1, 2) for t in (q, k, v)]
    mixed = F.scaled_dot_product_attention(*heads, is_causal=True).transpose(1, 2).reshape(x.shape)
    x = x + F.linear(mixed, out)
    x = x + F.linear(F.gelu(F.linear(F.layer_norm(x, (32,)), up), approximate="tanh"), down)
    return F.linear(F.layer_norm(x, (32,))[:, -1], wte)


def written(device, tokens, weights, sampled_on):
    tokens, weights = tokens.to(device), [weight.to(device) for weight in weights]
    for _ in range(8):
        logits = logits_of(tokens, *weights).to(sampled_on)
        v, _ = torch.topk(logits, 1)
        logits[logits < v[:, [-1]]] = -float("Inf")
        chances = F.softmax(logits, dim=-1)
        tokens = torch.cat((tokens, chances.argmax(-1, keepdim=True).to(device)), dim=1)
    return tokens, logits


def compute(device, tokens, wte, wpe, qkv, out, up, down):
    return written(device, tokens, (wte, wpe, qkv, out, up, down), device)


def workaround(device, tokens, wte, wpe, qkv, out, up, down):
    return written(device, tokens, (wte, wpe, qkv, out, up, down), "cpu")


def control(device, tokens, wte, wpe, qkv, out, up, down):
    weights = [weight.to(device) for weight in (wte, wpe, qkv, out, up, down)]
    return logits_of(tokens.to(device), *weights)


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
