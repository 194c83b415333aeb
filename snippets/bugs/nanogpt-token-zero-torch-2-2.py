"""Sampling from GPT-2 in nanoGPT yields hardly anything but token 0 on `mps`.

In the threads nearly all of 100 tokens, or 16 of 16, are "!", which is token 0. The same model trains, and on the CPU
it writes text. 2.1 is right on the same Macs. Write the text on the CPU.

No thread names the call. nanoGPT and llm.c write `logits[logits < v[:, [-1]]] = -inf` before they draw, and
pytorch#124206 shows that very line go wrong on 2.2.2 and macOS 14.4.1, where an update of macOS broke assignments to
parts of a tensor (pytorch#122016). That this is the cause here is inferred.

So the snippet runs the whole of it: a GPT-2 of one layer with random weights and the full vocabulary writes tokens
with the code of nanoGPT. Where nanoGPT draws the next token (`torch.multinomial`), it takes the most likely one, so
that chance decides nothing: a fault of the draw itself is not seen. A small model may miss what a larger one hits.

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
