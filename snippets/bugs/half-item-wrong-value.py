"""`Tensor.half` of a float32 tensor on the GPU gives another number.

The report has 0.4496 in float32 and 0.0847 after `.half().item()`. That is what you get if the lower two bytes of the
float32 number are read as a float16 one, digit for digit, so nothing was converted; the report blames the 16-bit
number. That this is the fault of pytorch#78091, of the day before, which says that no conversion of dtypes worked in
builds of that week, is inferred. Nothing is raised.

You hit it when you make a model or a tensor half precision on the device, `model.to("mps").half()`. Convert on the
CPU, before the move.

It was seen in a build of 23 May 2022, before PyTorch 1.12. Which build is right first is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#78168",
    "also": ["pytorch/pytorch#78091"],
    "kind": "wrong",
    "family": "dtype",
    "ops": ["torch.Tensor.half"],
    "affected": "==1.13.0.dev20220523",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#78168",
            "date": "2022-05-24",
            "torch": "1.13.0.dev20220523",
            "macos": "12.3.1",
            "figures": {"mps": 0.084716796875, "expected": 0.4495652914047241},
        }
    ],
    "met_in": ["a model that is made half precision on the device: all of the recorded ones"],
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["copy"],
            "when": ["src.device == accel", "self.device == accel", "src.dtype == float32", "self.dtype == float16"],
        }
    ],
    "effect": "reinterprets(src, float16)",
    "dtypes": ["float16"],
}


import torch


def inputs():
    return (torch.tensor([0.4495652914047241, 1.5, -3.0]),)


def compute(device, half):
    x = half.to(device).float()
    return x.to(half.dtype)  # as .half() does


def workaround(device, half):
    x = half.to(device).float()
    return x.cpu().to(half.dtype).to(device)  # converted on the CPU


def control(device, half):
    return half.to(device).float()


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
