"""Memory grows without bound where the shapes for `nn.Linear`, GELU, softmax and attention vary.

Apple GPUs compute many ops with a graph that is compiled for one shape. PyTorch keeps each of them for the life of the
process, without a limit. Nothing is raised until the machine is full. The numbers are right.

You hit it where prompts of many lengths go through a model one by one. A thread of 2024 (2.4.0) has `nn.Linear`, one
of 2026 (2.10.0) has blocks of attention; a developer names GELU, softmax and scaled_dot_product_attention as the ops
that do it there even with `PYTORCH_MPS_PREFER_METAL=1` (pytorch#181213). How much one length costs differs by op and
is not known.

Padding to one length, or to a few, avoids it. From 2.13.0 on `torch.mps.empty_cache()` clears the graphs, by the
release notes (pytorch#181485); before, it did not. A program with two lengths loses little.

The first number that the snippet compares is by how much the process grew after the first 64 calls, in units of 16
MiB. It puts 512 lengths through a linear layer and a softmax, so it sees 37 KiB a length or more.
"""

BUG = {
    "issue": "pytorch/pytorch#132596",
    "also": ["pytorch/pytorch#181213"],
    "kind": "memory",
    "silent": False,
    "family": "system",
    "ops": [
        "torch.nn.Linear",
        "torch.nn.functional.gelu",
        "torch.softmax",
        "torch.nn.functional.scaled_dot_product_attention",
    ],
    "affected": ">=2.4.0,<=2.10.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#181485",
    "reported": [
        {"thread": "pytorch/pytorch#132596", "date": "2024-08-04", "torch": "2.4.0", "macos": "14.2"},
        {"thread": "pytorch/pytorch#181213", "date": "2026-04-23", "torch": "2.10.0"},
    ],
    "met_in": ["running over prompts of many lengths (judged)"],
    "caveat": "2.4.0 was seen with nn.Linear and 2.10.0 with attention; which ops keep graphs changes from release to release.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["linear"],
            "when": [
                "never.input.shape == input.shape",
                "earlier.input.ndim == input.ndim",
                "earlier.weight.shape == weight.shape",
            ],
        },
        {
            "op": ["gelu"],
            "when": [
                "never.self.shape == self.shape",
                "earlier.self.ndim == self.ndim",
                "earlier.self.size.-1 == self.size.-1",
            ],
        },
        {"op": ["softmax"], "when": ["never.self.shape == self.shape", "earlier.self.ndim == self.ndim"]},
        {
            "op": ["scaled_dot_product_attention"],
            "when": [
                "never.query.shape == query.shape",
                "earlier.query.ndim == query.ndim",
                "earlier.query.size.-1 == query.size.-1",
            ],
        },
    ],
    "effect": "keeps(32 KiB)",
}

import os
import subprocess

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(512, 32, generator=generator), torch.randn(32, 32, generator=generator)


def size():  # of this process in memory, in KiB
    return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(os.getpid())]))


def grown(device, prompts, weight):
    weight, before = weight.to(device), 0
    for n, prompt in enumerate(prompts):
        result = F.linear(prompt.to(device), weight).softmax(-1).cpu()
        before = size() if n == 63 else before  # the first calls load much else
    return torch.tensor(max(0, size() - before) >> 14), result[-1]


def compute(device, x, weight):
    return grown(device, (x[n:] for n in range(len(x))), weight)


def workaround(device, x, weight):
    return grown(device, (F.pad(x[n:], (0, 0, n, 0)) for n in range(len(x))), weight)


def control(device, x, weight):
    return grown(device, (x[:64] for _ in range(len(x))), weight)


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")
    sys.stdout.reconfigure(line_buffering=True)
    print(f"The bug is of the kind {BUG['kind']}: where the lines end without a verdict, it is there.")

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
    if found[compute] == "ERROR" and found[control] != "agrees":
        sys.exit("COULD NOT RUN: compute raised an error, and control is not right either")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
