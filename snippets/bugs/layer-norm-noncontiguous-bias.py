"""`F.layer_norm` reads a non-contiguous bias as if it were contiguous.

A bias that is a view, such as one column of a matrix, is handed to the GPU as the memory from its first element on,
and its stride is lost: the norm then adds the numbers that lie beside the wanted ones. The fix makes a contiguous
copy of the bias. Nothing is raised. That the result was wrong without an error is inferred, since the fix shows no
output.

You hit it if the parameters of several norms are kept in one tensor and taken as views of it, or expanded from a
single number. The bias of an `nn.LayerNorm` is contiguous, so GPT-2 and BERT never hit it. Pass `bias.contiguous()`.

Fixed in March 2026, in the release notes of 2.12.0. The kernel came with 2.8.0 (read in the macOS wheels); whether
older versions read such a bias wrongly is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#176238",
    "kind": "wrong",
    "family": "normalisation",
    "ops": ["torch.nn.functional.layer_norm"],
    "affected": "<2.12",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#176238",
    "reported": [{"thread": "pytorch/pytorch#176238", "date": "2026-03-02"}],
    "met_in": ["stacked per-layer norm parameters taken as views (judged)"],
    "caveat": "The fix gives no output; that the old result was wrong without an error is inferred.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["layer_norm"], "when": ["bias.layout in sliced,expanded"]}],
    "effect": "ignores-strides(bias)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(3, 8, generator=generator)
    biases = torch.randn(8, 4, generator=generator)  # one column a layer
    return hidden, biases


def compute(device, hidden, biases):
    return F.layer_norm(hidden.to(device), (8,), bias=biases.to(device)[:, 0])


def workaround(device, hidden, biases):
    return F.layer_norm(hidden.to(device), (8,), bias=biases.to(device)[:, 0].contiguous())


def control(device, hidden, biases):
    return F.layer_norm(hidden.to(device), (8,), bias=biases.T.contiguous().to(device)[0])  # one row a layer


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
