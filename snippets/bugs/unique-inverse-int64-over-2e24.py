"""`torch.unique` with `return_inverse=True` gives wrong inverse indices for int64 values above 2**24.

`unique[inverse]` should give back the input. Above some 16.7 million it does not: elements are sent to the place of
another value. The reporter supposes that the values go through float32 on their way, which holds whole numbers
exactly up to 2**24 alone. Nothing is raised, until an index made from such a result is out of range.

You hit it by counting or joining composed keys, such as `(layer * heads + head) * features + feature`, or hashes.
Compute `unique` on the CPU.

Reported in September 2026 on an M5 Max, for a PyTorch version that is not known. Older source casts such values to
int32 and sorts them with Apple's library. The release notes of 2.14.0 say that its new `unique` corrects results of
large int64 values; that this is the same fault is inferred.
"""

BUG = {
    "issue": "pytorch/pytorch#195595",
    "also": ["pytorch/pytorch#184780"],
    "kind": "wrong",
    "family": "sort",
    "ops": ["torch.unique"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#195595", "date": "2026-09-01", "chip": "M5 Max"}],
    "met_in": ["composed keys in a mesh-processing pipeline (thread)", "joins of feature keys or hashes (judged)"],
    "caveat": "The cause is the reporter's guess, the PyTorch version is not known. #184780 (2.14.0) replaced this code; its release note says that it fixes results for large int64.",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["_unique2"],
            "when": [
                "self.device == accel",
                "self.dtype == int64",
                "return_inverse.value == true",
                "self.max > 16777216",
            ],
        }
    ],
    "effect": "rounds(self, float32)",
    "absent": {"affected": "no source names a version"},
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (2**24 + torch.randperm(16, generator=generator),)  # neighbours, which float32 cannot tell apart


def compute(device, keys):
    return torch.unique(keys.to(device), return_inverse=True)[1]


def workaround(device, keys):
    _, inverse = torch.unique(keys, return_inverse=True)  # on the CPU
    return inverse.to(device)


def control(device, keys):
    return torch.unique(keys.to(device) - 2**24, return_inverse=True)[1]  # small numbers in the same order


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
