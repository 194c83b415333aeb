"""`torch.mm` with a reduction longer than 32,768 is wrong on M1 and M2, depending on earlier work.

Apple's kernel for long reductions works in tiles and does not cut the last one: what lies behind the operands in
memory is multiplied and added. In a fresh process that is zeros, and the result is right; after other work it is what
that left behind. In the thread the error is 8.2 after such work, at values of about 25,000, and 0.035 before. Nothing
is raised.

Both sides of the result must be 16 or more. `addmm` and `F.linear` do the same. You hit it in the decoder of a sparse
autoencoder with more than 32,768 latents, and in gradients that sum over a vocabulary. Split the sum into two shorter
ones and add the results.

Reported with 2.7 to 2.13.0; M4 is right. 2.14.0 computes such products on M1 and M2 with PyTorch's own kernels, from
32,769 terms on; 32,767 and 32,768 stay as they were, and so do batches (pytorch#195163).
`torch.mps.empty_cache()` hides the bug at best.
"""

BUG = {
    "issue": "pytorch/pytorch#193487",
    "also": ["pytorch/pytorch#187441", "pytorch/pytorch#177116", "pytorch/pytorch#195163"],
    "kind": "nondeterministic",
    "family": "matmul",
    "ops": ["torch.addmm", "torch.mm", "torch.nn.functional.linear"],
    "affected": ">=2.7,<2.14",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#183535",
    "chips": ["M1", "M2"],
    "reported": [
        {"thread": "pytorch/pytorch#193487", "torch": "2.7"},
        {
            "thread": "pytorch/pytorch#193487",
            "torch": "2.13.0",
            "macos": "26.6.2",
            "chip": "M1 Pro",
            "figures": {"mm_error_fresh": 0.035, "mm_error_triggered": 8.2, "mm_error_on_2.14.0": 0.44, "scale": 25000},
        },
    ],
    "met_in": ["SAE decode (latents x d_model) and unembedding gradients: K is 32k or more (judged)"],
    "caveat": "2.14 leaves sums of 32,767 and 32,768 terms as they were: its fix starts at 32,769 (#195163). The snippet puts large numbers behind the second operand; that it is read in place there is inferred.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 11,
    "trigger": [
        {"op": ["mm"], "when": ["self.size.1 > 32768", "self.size.0 >= 16", "mat2.size.1 >= 16"]},
        {"op": ["addmm"], "when": ["mat1.size.1 > 32768", "mat1.size.0 >= 16", "mat2.size.1 >= 16"]},
        {"op": ["linear"], "when": ["weight.size.1 > 32768", "weight.size.0 >= 16"]},
        {
            "op": ["linear_backward"],
            "when": ["grad_output.size.-1 > 32768", "grad_output.numel >= 524288", "weight.size.1 >= 16"],
        },
    ],
    "effect": "noise(result, 1)",
    "repeats": 3,
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(32, 32800, generator=generator)
    b = torch.randn(2, 32800, 32, generator=generator)
    b[1] *= 1000  # what lies behind the operand
    return a, b


def compute(device, a, b):
    return torch.mm(a.to(device), b.to(device)[0])


def workaround(device, a, b):
    a, b = a.to(device), b.to(device)[0]
    return torch.mm(a[:, :16384], b[:16384]) + torch.mm(a[:, 16384:], b[16384:])


def control(device, a, b):
    return torch.mm(a.to(device)[:, :16384], b.to(device)[0, :16384])


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

    def error_ratios(got, cpu, exact):  # one for each output
        alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
        return [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]

    found = {}
    for function in (compute, control, workaround):
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
        print(f"  {function.__name__:10} {said}: {found[function]}")
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
