"""`F.linear` returns garbage on AMD RDNA2 GPUs in Intel Macs.

On a Radeon RX 6900 XT the result is off by 30 to 90 where an error of 0.0001 is expected. Nothing is raised.

Every model with linear layers is hit on these machines, from 256 input features on, says the reporter
(invoke-ai/InvokeAI#9005). The product of the same matrices by `torch.mm` is right: use it, with a contiguous
transpose of the weight.

Reported in March 2026; the PyTorch version is not known. PyTorch's own wheels for Intel Macs end with 2.2.2, so that
a newer one was built by its user. Two pull requests mention a crash; whether one was merged is not known.

Since `torch.mm` is right, the kernel which `F.linear` calls is to blame. The input of the report has one row. A
report of August 2026 has the same on an Intel Mac with an external AMD card after the update to macOS 15.7.8, with
one and two rows and with `torch.mv`, and blames Apple's kernel for a matrix by a vector (lllyasviel/Fooocus#4219).
Whether it is one fault, whether more rows are hit, and what is wrong in the numbers is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#178697",
    "also": [
        "pytorch/pytorch#178754",
        "pytorch/pytorch#180442",
        "invoke-ai/InvokeAI#9005",
        "lllyasviel/Fooocus#4219",
    ],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.nn.functional.linear"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "chips": ["AMD RDNA2"],
    "reported": [
        {
            "thread": "pytorch/pytorch#178697",
            "date": "2026-03-28",
            "chip": "AMD RX 6900 XT",
            "figures": {"linear_err": 45.0, "mm_err": 1e-05},
        }
    ],
    "met_in": ["transformers: Mamba, diffusers: UNet", "any model with linear layers of 256 inputs or more (judged)"],
    "caveat": "PyTorch's macOS wheels for Intel end with 2.2.2; a later one is built by the user.",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["linear"], "when": ["weight.size.-1 >= 256"]}],
    "effect": "noise(result, 1)",
    "absent": {"affected": "the thread as stored names no version"},
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 320, generator=generator), torch.randn(1280, 320, generator=generator)


def compute(device, x, weight):
    return F.linear(x.to(device), weight.to(device))


def workaround(device, x, weight):
    return torch.mm(x.to(device), weight.to(device).T.contiguous())


def control(device, x, weight):
    return F.linear(x[:, :128].contiguous().to(device), weight[:, :128].contiguous().to(device))  # under 256 inputs


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
