"""`torch.exp` and `torch.log` of int32 tensors return zeros.

The result is a float, as it should be, but the whole numbers were not converted before they went into the computation.
With int64 the process dies instead, so only int32 is silent.

You hit it where you take the logarithm of counts that are held as int32. `x.float().log()` is right.

It was seen in a build of May 2022, before PyTorch 1.12. A pull request of June 2022 adds the conversion and is among
the changes of 1.12.1; the issue was open when last seen.
"""

BUG = {
    "issue": "pytorch/pytorch#78019",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.exp", "torch.log"],
    "affected": ">=1.12.0a0,<1.12.1",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#79185",
    "reported": [
        {
            "thread": "pytorch/pytorch#78019",
            "date": "2022-05-20",
            "torch": "1.12.0a0",
            "macos": "12.4",
            "figures": {"int32_exp": 0.0, "int32_log": 0.0, "int64": "abort"},
        }
    ],
    "caveat": "#79185 names it as fixed and is, as #78930, among the picks for 1.12.1 (#81976); the issue was open when last seen. Metal kernels for integers came in 2.7.1 (exp) and 2.8.0 (log).",
    "caused_by": "torch",
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["exp", "log"], "when": ["self.dtype == int32"]}],
    "effect": "sets(result, 0)",
}


import torch


def inputs():
    return (torch.tensor([5, 7, 11], dtype=torch.int32),)


def compute(device, counts):
    counts = counts.to(device)
    return counts.exp(), counts.log()


def workaround(device, counts):
    counts = counts.to(device).float()
    return counts.exp(), counts.log()


def control(device, counts):
    return counts.to(device).float().log()


def reference(counts):
    return counts.double().exp(), counts.double().log()


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
        cpu = run(function, "cpu")
        exact = run(control, "cpu", precision=wide) if function is control else run(reference)
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
