"""`torch.sort` of int64 gives zeros or garbage from the 257th element on, on macOS later than 15.4.

A change in macOS broke the sorting of 64-bit integers in Apple's library: a developer at Apple saw that every index
after the 256th is zero or was never written. The values are collected with these indices, so they are wrong as well.
Nothing is raised. Float and int32 sort correctly.

You hit it when you sort token ids, counts or feature indices, since int64 is PyTorch's default for whole numbers.
Sort as int32 or, below 2**24, as float32.

Reported in June 2025 for a nightly, on macOS later than 15.4; another user could not reproduce it, on a system whose
version is not known. PyTorch 2.13.0 has a sort of its own, which no longer calls that library; that this ends the
fault is inferred. Whether a later macOS has fixed it is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#155560",
    "kind": "wrong",
    "family": "sort",
    "ops": ["torch.argsort", "torch.sort"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#180714",
    "macos": ">=15.4.1",
    "macos_note": "15.4 itself works",
    "reported": [
        {
            "thread": "pytorch/pytorch#155560",
            "date": "2025-06-10",
            "figures": {"mps": "zero or uninitialised after element 256 (int64)"},
        }
    ],
    "met_in": ["sorting token ids, counts or feature indices (judged)"],
    "caveat": "That the new sort of 2.13.0 ends it is inferred.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["sort", "argsort"], "when": ["self.dtype == int64", "self.size.dim > 256"]}],
    "effect": "unwritten(result, after 256)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randperm(512, generator=generator),)  # each number once: their order is not open


def compute(device, ids):
    return torch.sort(ids.to(device))


def workaround(device, ids):
    values, places = torch.sort(ids.to(device).to(torch.int32))
    return values.to(torch.int64), places


def control(device, ids):
    return torch.sort(ids.to(device)[:256])


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
