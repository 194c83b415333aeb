"""`torch.bmm` adds memory past its operands if the reduction is 32,767 long or more, on M1 and M2.

What lies behind the operands in memory is multiplied and added: for 32,767 terms it is one term too many. Both sides
of the result must be 16 or more. If that memory holds zeros, as fresh memory does, the result is right by chance.
Nothing is raised.

You hit it where a sum runs over more than 32,000 latents, tokens or words of a vocabulary, such as the decoder of a
large sparse autoencoder. `baddbmm`, `addbmm`, products of batches with `@`, and `einsum` call the same kernel. Split
the sum into two shorter ones and add the results.

Seen with 2.13.0, with 2.14 shortly before its release and with builds of 2.15, on M1 Pro, M2 and M2 Max with macOS
26; an M2 Pro with a beta of macOS 27 was right. 2.14.0 uses other code for plain matrix products. A fix for batches
(pytorch#195012) was open.

Apple's kernel for long reductions works in tiles and does not cut the last one. A few sizes that fit the tiles are
right.
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
            "macos": "26.6.2",
            "chip": "M2 Max",
        },
        {"thread": "pytorch/pytorch#195012", "date": "2026-08-27", "torch": "2.15.0a0", "macos": "26", "chip": "M2"},
    ],
    "met_in": ["einsum or @ of batches over more than 32,000 latents, as in a large sparse autoencoder (judged)"],
    "caveat": "Depends on what lies in memory: #193487 shows a batched product right on 2.14.0 on an M1 Pro. The snippet puts large numbers behind the second operand; that it is read in place there is inferred.",
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
