"""`F.layer_norm` of a slice normalises the rows at the start of the tensor that it was cut from.

A slice that needs no copy, such as `x[1:]`, is the memory of `x` from some place on. The kernel ignores that place
and reads from the start: `layer_norm(x[123:125])` gives what `layer_norm(x[0:2])` should give. The result is well
normalised, only of other rows. Nothing is raised.

You meet it where you normalise some positions alone, as a logit lens does: of a single prompt, `ln_f(hidden[:, -1:])`
gives the first token where you asked for the last. With more prompts that slice is not contiguous; PyTorch then
copies it first and is right. `.contiguous()` does not help, since the slice is contiguous already. `.clone()` does.

Reported in July 2024, without a version of PyTorch in what could be read. By the code of those days `layer_norm`
hands its input, made contiguous, to the kernel of batch norm, which skipped the check for the place in 2.4.0 and was
cured in 2.5.0 (pytorch/pytorch#133520, pytorch/pytorch#133610). That this is the same fault is inferred. Since 2.8.0
`layer_norm` has a kernel of its own.
"""

BUG = {
    "issue": "pytorch/pytorch#131750",
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.layer_norm", "torch.nn.LayerNorm"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#131750",
            "date": "2024-07-25",
            "figures": {"equal_count_cpu": [0, 0, 4], "equal_count_mps": [4, 4, 4]},
        }
    ],
    "met_in": ["logit lens of the last positions of one prompt: ln_f(hidden[:, -1:]), with nn.LayerNorm"],
    "caveat": "Versions are inferred from batch norm, whose kernel layer_norm used: wrong in 2.4, right in 2.5.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["layer_norm"], "when": ["input.offset > 0", "input.layout == contiguous"]}],
    "effect": "ignores-offset(input)",
    "absent": {"affected": "the thread as stored names no version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(1, 3, 8, generator=generator),)  # one prompt of three tokens


def compute(device, hidden):
    return F.layer_norm(hidden.to(device)[:, -1:], (8,))  # the last token, a view


def workaround(device, hidden):
    return F.layer_norm(hidden.to(device)[:, -1:].clone(), (8,))


def control(device, hidden):
    return F.layer_norm(hidden.to(device)[:, :1], (8,))  # the first token: its place is the start


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
