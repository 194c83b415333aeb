"""`torch.nextafter(0, 1)` is 0 on the GPU.

The next number after zero is about 1.4e-45, a subnormal number. The GPU takes such numbers as zero, which Metal
allows, so the step is lost. Nothing is raised.

You can hit it where a bound of zero is moved by the least possible step to leave zero out. Use the smallest normal
number, `torch.finfo(torch.float32).tiny`, instead.

It was reported on PyTorch 2.6.0 with an M1 and macOS 15.2, and closed as not PyTorch's fault. A report of 2026 finds
float32 right on an M5 Max with macOS 26 and a build of 2.14, so it depends on the machine.
"""

BUG = {
    "issue": "pytorch/pytorch#150027",
    "also": ["pytorch/pytorch#125051"],
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.nextafter"],
    "affected": "==2.6.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#150027",
            "date": "2025-03-26",
            "torch": "2.6.0",
            "macos": "15.2",
            "chip": "M1",
            "figures": {"cpu": 1.4013e-45, "mps": 0.0},
        }
    ],
    "caveat": "The GPU takes subnormal float32 as zero; closed as not PyTorch's fault. #190740 finds float32 right on an M5 Max with macOS 26 and a build of 2.14.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["nextafter"], "when": ["self.dtype == float32", "self has zero"]}],
    "effect": "sets(result, 0)",
}


import torch


def inputs():
    return torch.zeros(4), torch.ones(4)


def compute(device, x, y):
    return torch.nextafter(x.to(device), y.to(device)).cpu() > 0  # compared where small numbers are no zeros


def workaround(device, x, y):
    return torch.full_like(x, torch.finfo(torch.float32).tiny).to(device).cpu() > 0


def control(device, x, y):
    return torch.nextafter(y.to(device), 2 * y.to(device)).cpu() > 1


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
