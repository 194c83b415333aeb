"""`torch.bmm` adds memory past its operands if the reduction is 32,767 long or more, on M1 and M2.

Apple's kernel for long reductions works in tiles and does not cut the last one. What lies behind the operands in memory
is multiplied and added: for 32,767 terms it is one term too many. Both sides of the result must be 16 or more. If that
memory holds zeros, as fresh memory does, the result is right by chance; hence this check puts large numbers behind the
second operand (that a view at the start of a longer tensor is read in place is inferred). Nothing is raised.

`baddbmm`, `addbmm`, products of batches with `@`, and `einsum` come down to the same kernel. You hit it where a sum runs
over more than 32,000 latents, tokens or words of a vocabulary, such as the decoder of a large sparse autoencoder.

Seen with 2.13.0 and 2.14.0 and with builds of 2.15, on M1 Pro, M2 and M2 Max with macOS 26; an M2 Pro with a beta of
macOS 27 was right. 2.14.0 computes plain matrix products another way. A fix for batches (pytorch/pytorch#195012) was
open. A few sizes that fit the tiles are right.
"""

BUG = {
    "issue": "pytorch/pytorch#195163",
    "also": ["pytorch/pytorch#183535", "pytorch/pytorch#177116", "pytorch/pytorch#193487"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.addbmm", "torch.baddbmm", "torch.bmm"],
    "affected": ">=2.13.0,<=2.15.0a0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#195012",
    "macos_note": "macOS 26 is wrong; a public beta of macOS 27 was right on an M2 Pro",
    "chips": ["M1", "M2"],
    "reported": [
        {
            "thread": "pytorch/pytorch#193487",
            "date": "2026-09-13",
            "torch": "2.13.0",
            "macos": "26.6.2",
            "chip": "M1 Pro",
            "figures": {"bmm_max_abs_error": 8.2, "einsum_max_abs_error": 8.2, "scale": 25000},
        },
        {
            "thread": "pytorch/pytorch#195163",
            "date": "2026-08-28",
            "torch": "2.14.0",
            "macos": "26.6.2",
            "chip": "M2 Max",
        },
        {"thread": "pytorch/pytorch#195012", "date": "2026-08-27", "torch": "2.15.0a0", "macos": "26", "chip": "M2"},
    ],
    "met_in": ["einsum or @ of batches over more than 32,000 latents, as in a large sparse autoencoder (judged)"],
    "caveat": "Depends on what lies in memory: #193487 shows a batched product right on 2.14.0 on an M1 Pro.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 12,
    "trigger": [
        {"op": ["bmm"], "when": ["self.size.2 >= 32767", "self.size.1 >= 16", "mat2.size.2 >= 16"]},
        {"op": ["baddbmm", "addbmm"], "when": ["batch1.size.2 >= 32767", "batch1.size.1 >= 16", "batch2.size.2 >= 16"]},
    ],
    "effect": "noise(result, 1)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(1, 32, 32767, generator=generator)
    b = torch.randn(2, 32767, 32, generator=generator)
    b[1] *= 1000  # what lies behind the operand
    return a, b


def compute(device, a, b):
    return torch.bmm(a.to(device), b.to(device)[:1])


def workaround(device, a, b):
    a, b = a.to(device), b.to(device)[:1]
    return torch.bmm(a[..., :16384], b[:, :16384]) + torch.bmm(a[..., 16384:], b[:, 16384:])


def control(device, a, b):
    return torch.bmm(a.to(device)[..., :16384], b.to(device)[:1, :16384])


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
