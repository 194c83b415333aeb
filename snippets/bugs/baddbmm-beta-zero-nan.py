"""`torch.baddbmm` with `beta=0` lets NaN of the ignored input through.

With `beta=0` the input is documented to be ignored, NaN and infinity included. The kernel for Apple GPUs computes
0 times the input, and adds it: NaN and infinity become NaN in the result. Nothing is raised.

Code that relies on the promise hands over memory that nobody has written to. `diffusers` did so in its sliced
attention, so that SDXL with `enable_attention_slicing()` gave black images, now and then, as the memory happened to
be (huggingface/diffusers#14438). Use `torch.bmm` where beta is zero.

Seen with 2.11.0 and 2.13.0, and in March 2023 on a nightly of 2.1; the releases in between are named nowhere. The fix
of June 2026 missed 2.13.0; the release notes of 2.14.0 have it.
"""

BUG = {
    "issue": "pytorch/pytorch#187521",
    "also": ["huggingface/diffusers#14459", "huggingface/diffusers#2643", "huggingface/diffusers#11229"],
    "kind": "nan",
    "family": "matmul",
    "ops": ["torch.baddbmm"],
    "affected": ">=2.1.0.dev20230310,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#187522",
    "reported": [
        {
            "thread": "pytorch/pytorch#187521",
            "date": "2026-06-16",
            "macos": "27",
            "figures": {"cpu": 1.0, "mps": "nan"},
        },
        {
            "thread": "huggingface/diffusers#14438",
            "torch": "2.13.0",
            "figures": {"pixel_mean_with_slicing": 0.0, "pixel_mean_without": 140.73},
        },
        {"thread": "pytorch/pytorch#194442", "date": "2026-08-22", "figures": {"mps_nan_count": "225280 of 225280"}},
        {
            "thread": "huggingface/diffusers#13701",
            "date": "2026-05-08",
            "torch": "2.11.0",
            "chip": "M4",
            "figures": {"mps_trials_with_nan": "30 of 30", "cpu_trials_with_nan": "0 of 5"},
        },
        {
            "thread": "huggingface/diffusers#2643",
            "date": "2023-03-11",
            "torch": "2.1.0.dev20230310",
            "figures": {"shape": [40, 4096, 4096], "attention_scores": "nan"},
        },
        {
            "thread": "huggingface/diffusers#14459",
            "date": "2026-08-19",
            "torch": "2.13.0",
            "figures": {"cpu": 1.0, "mps": "nan"},
        },
    ],
    "met_in": ["diffusers: enable_attention_slicing (huggingface/diffusers#14459)"],
    "caveat": "Intermittent where the ignored input is fresh memory: huggingface/diffusers#2643 says that some older versions were fine. Releases from 2.1 to 2.10 are named nowhere.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["baddbmm"], "when": ["beta.value == 0", "self has nan"]},
        {"op": ["baddbmm"], "when": ["beta.value == 0", "self has inf"]},
    ],
    "effect": "sets(result, nan)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(1, 4, 8, generator=generator)
    return torch.full((1, 4, 4), float("nan")), a, torch.randn(1, 8, 4, generator=generator)


def compute(device, ignored, a, b):
    return torch.baddbmm(ignored.to(device), a.to(device), b.to(device), beta=0)


def workaround(device, ignored, a, b):
    return torch.bmm(a.to(device), b.to(device))


def control(device, ignored, a, b):
    return torch.baddbmm(torch.zeros_like(ignored.to(device)), a.to(device), b.to(device), beta=0)


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
