"""`F.linear` with a bias is wrong for 3-D inputs on virtual M1 machines with macOS 26.

The bias is left out: the largest error that the second thread prints, 3.38323, is to the last digit the largest value
of the bias that the script of the first draws (inferred; the first post itself says about 3.8). The product is right,
and so is a 2-D input. Nothing is raised.

You hit it where tests of a library run on hosted macOS machines (`macos-latest`), whose GPU is a virtual M1: any
layer with a bias on inputs of (batch, position, width). An M4 laptop is right. Add the bias yourself: `x @ weight.T +
bias`. Whether the M1 or the virtual GPU is to blame is left open. On such a machine, inputs with one position each are
wrong as well (pytorch#188438). That was reported earlier and has a fix of its own, which does not help here.

Seen with 2.13.0 on macOS 26.5.2, and with a nightly of 2.14 of August 2026, whose macOS is not named. No fix is known.
"""

BUG = {
    "issue": "pytorch/pytorch#192934",
    "also": ["pytorch/pytorch#188438", "soda-inria/tabicl#146"],
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.nn.functional.linear"],
    "affected": ">=2.13.0,<=2.14.0.dev20260810",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "macos": ">=26,<27",
    "chips": ["M1 (virtual)"],
    "reported": [
        {
            "thread": "pytorch/pytorch#192934",
            "date": "2026-08-11",
            "torch": "2.13.0",
            "macos": "26.5.2",
            "chip": "M1 (virtual)",
            "figures": {"linear_with_bias_error": 3.8, "matmul_plus_bias_error": 1e-05, "linear_without_bias_error": 0},
        },
        {
            "thread": "soda-inria/tabicl#146",
            "date": "2026-08-11",
            "torch": "2.13.0",
            "chip": "M1 (virtual)",
            "figures": {
                "linear_with_bias_error": 3.38323,
                "matmul_plus_bias_error": 1.9e-05,
                "linear_without_bias_error": 0,
            },
        },
        {
            "thread": "soda-inria/tabicl#146",
            "date": "2026-08-11",
            "torch": "2.14.0.dev20260810",
            "chip": "M1 (virtual)",
            "figures": {
                "linear_with_bias_error": 3.38323,
                "matmul_plus_bias_error": 1.9e-05,
                "linear_without_bias_error": 0,
            },
        },
    ],
    "met_in": [
        "tests of libraries on hosted macOS machines (soda-inria/tabicl#146)",
        "transformers: BERT, Whisper and ViT on such a machine",
        "diffusers: UNet on such a machine",
    ],
    "caveat": "Seen on hosted virtual machines alone; the thread leaves open whether the M1 or the virtual GPU is to blame.",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 17,
    "trigger": [{"op": ["linear"], "when": ["input.ndim == 3", "bias.ndim >= 1"]}],
    "effect": "drops(bias)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 64, 128, generator=generator)
    return x, torch.randn(384, 128, generator=generator), torch.randn(384, generator=generator)


def compute(device, x, weight, bias):
    return F.linear(x.to(device), weight.to(device), bias.to(device))


def workaround(device, x, weight, bias):
    return x.to(device) @ weight.to(device).T + bias.to(device)


def control(device, x, weight, bias):
    return F.linear(x.to(device).flatten(0, 1), weight.to(device), bias.to(device))  # 2-D


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
