"""`torch.lerp` of half-precision tensors misreads a weight of another dtype that lies on the CPU.

`torch.lerp(a, b, torch.tensor(0.1))` with float16 or bfloat16 tensors hands the float32 weight to GPU code that knows
one dtype alone. The report gets a negative number between 0 and 1, where a tenth was asked for. That is what you get
if the first two bytes of the weight are read as float16 or bfloat16: 0.1 becomes negative, and 0.5 becomes 0. That
this is what happens is inferred. Nothing is raised.

You hit it in running means in half precision whose weight is a tensor, `mean.lerp_(new, torch.tensor(0.1))`. Pass the
weight as a plain Python number, as PyTorch's Adam does by default.

The report is about PyTorch 2.14.0. The fix, of September 2026, reads such a weight on the CPU and refuses other
mixtures of dtypes; which release has it first is not known. Whether a weight that lies on the GPU is misread too is
not known.
"""

BUG = {
    "issue": "pytorch/pytorch#196067",
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.Tensor.lerp_", "torch.lerp"],
    "affected": "==2.14.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#196662",
    "reported": [
        {
            "thread": "pytorch/pytorch#196067",
            "date": "2026-09-04",
            "torch": "2.14.0",
            "macos": "26.6.2",
            "chip": "M4",
        }
    ],
    "met_in": ["running means of activations, optimizers in half precision, whose weight is a tensor (judged)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["lerp"],
            "when": [
                "self.dtype in float16,bfloat16",
                "weight.device == cpu",
                "weight.ndim == 0",
                "weight.dtype != self.dtype",
            ],
        }
    ],
    "effect": "reinterprets(weight, float16)",
    "dtypes": ["float16", "bfloat16"],
}

import torch


def inputs():
    return torch.arange(8.0), torch.arange(8.0) * 3  # whole numbers: right arithmetic has nothing to round


def compute(device, mean, new):
    return torch.lerp(mean.to(device), new.to(device), torch.tensor(0.5))


def workaround(device, mean, new):
    return torch.lerp(mean.to(device), new.to(device), 0.5)


def control(device, mean, new):
    return torch.lerp(mean.to(device), new.to(device), torch.full_like(mean, 0.5).to(device))  # a weight for each


# The lines below are the same in every snippet of its kind: run on this device and on the CPU, say whether they agree.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    def wide(t):  # in double precision; whole numbers stay as they are
        return t.to(torch.promote_types(t.dtype, torch.float64)) if t.is_floating_point() or t.is_complex() else t

    def run(function, *where, precision=lambda t: t):  # its outputs, on the CPU; inputs in the dtype of the turn
        tensors = [t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in inputs()]
        outputs = function(*where, *map(precision, tensors))
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
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
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
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
