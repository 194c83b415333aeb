"""`torch.add` of int64 tensors is cut to 32 bits on AMD GPUs.

On an Intel Mac `torch.arange(6) + 2**32` gave `[0, 1, 2, 3, 4, 5]`. The code for AMD GPUs cut int64 down to 32 bits,
says a developer of it, because of trouble with int64 there. Nothing is raised. The same call is right on an M1.

You hit it on an Intel Mac with large token offsets, hashes or time stamps. Add on the CPU.

It was reported in June 2022 with a nightly build. The developer expected macOS 13 to be right; the issue was closed
without a test, for want of activity. Whether other integer arithmetic, or sums far below zero, are cut as well is not
known.
"""

BUG = {
    "issue": "pytorch/pytorch#78848",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.add"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "macos_note": "said to be resolved in macOS 13",
    "chips": ["AMD"],
    "reported": [
        {
            "thread": "pytorch/pytorch#78848",
            "date": "2022-06-03",
            "figures": {
                "cpu": [4294967296, 4294967297, 4294967298, 4294967299, 4294967300, 4294967301],
                "mps_amd": [0, 1, 2, 3, 4, 5],
            },
        }
    ],
    "met_in": ["large ids and hashes on an Intel Mac (judged)"],
    "caused_by": "macos",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["add"], "when": ["self.device == accel", "self.dtype == int64", "result.max > 2147483647"]}],
    "effect": "rounds(result, int32)",
    "absent": {"affected": "the report names no version"},
}


import torch


def inputs():
    return (torch.arange(6),)


def compute(device, x):
    return x.to(device) + 2**32


def workaround(device, x):
    return (x + 2**32).to(device)  # added on the CPU


def control(device, x):
    return x.to(device) + 2**16


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
