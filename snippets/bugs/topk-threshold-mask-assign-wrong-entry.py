"""`t[t < v[:, [-1]]] = -inf`, as in top-k sampling, overwrites the wrong logit.

The line sets all logits to minus infinity that are below the k-th largest, `v[:, [-1]]`. Of two logits the lower one
should become `-inf`; on the GPU it took the value of the higher one. `topk` is not needed for it, says the report:
indexing with a tensor does. That the value is copied late, from memory that has been given to others by then, is
inferred. Nothing is raised.

You hit it when you sample as nanoGPT, minGPT and llm.c do: tokens that should be excluded get the top logit. Write
`torch.where(t < v[:, -1:], -inf, t)`; `generate` of Transformers uses `masked_fill`.

It was seen with PyTorch 2.2.2 on macOS 14.4.1. Those are the versions of `element-assign-macos-14-4-regression`,
which 2.3 fixes, but no thread says that it is the same fault. llm.c gave the token 0 throughout with 2.2.2 on macOS
14.4.1, and not with 2.1 (karpathy/llm.c#36), without saying in which call.
"""

BUG = {
    "issue": "pytorch/pytorch#124206",
    "also": ["pytorch/pytorch#122016", "pytorch/pytorch#126919", "karpathy/nanoGPT#458", "karpathy/llm.c#36"],
    "kind": "wrong",
    "family": "mask",
    "ops": ["torch.Tensor.__getitem__", "torch.Tensor.__setitem__", "torch.topk"],
    "affected": "==2.2.2",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "macos_note": "the report has macOS 14.4.1; whether other versions are hit is not known",
    "reported": [
        {
            "thread": "pytorch/pytorch#124206",
            "date": "2024-04-16",
            "torch": "2.2.2",
            "macos": "14.4.1",
            "figures": {"cpu": "lower logit becomes -inf", "mps": "lower logit takes the value of v"},
        }
    ],
    "met_in": ["top-k sampling in nanoGPT, minGPT and llm.c (judged)"],
    "caveat": "Which sizes are hit is not known; the report has two logits. The software model puts other junk in place of the value.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["index_put"],
            "form": "inplace",
            "when": ["indices.dtype == bool", "self.ndim > 1", "values.numel == 1", "values has neginf"],
        }
    ],
    "effect": "reads-freed(values)",
}

import torch


def inputs():
    return (torch.tensor([[0.25, 0.75]]),)


def compute(device, logits):
    logits = logits.to(device, copy=True)
    largest, _ = torch.topk(logits, 1)
    logits[logits < largest[:, [-1]]] = -float("inf")
    return logits


def workaround(device, logits):
    logits = logits.to(device)
    largest, _ = torch.topk(logits, 1)
    return torch.where(logits < largest[:, -1:], torch.full_like(logits, -float("inf")), logits)


def control(device, logits):
    logits = logits.to(device)
    largest, _ = torch.topk(logits, 1)
    return logits.masked_fill(logits < largest[:, -1:], -float("inf"))


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
