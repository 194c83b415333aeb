"""`x[i:j].to("cpu", dtype)` with another dtype returns numbers from the wrong place.

Where one call moves a slice from the GPU to the CPU and converts it as well, the place of the slice is applied
wrongly. The result is other elements, bits read across two elements, or zeros: in the report an offset of one
element gave an error of 3.7e19, and offsets of 256 elements and more gave nothing but zeros. The source stays
intact and nothing is raised.

You hit it when you pull part of a cached activation to the CPU in float32, as in `cache[100:].to("cpu",
torch.float32)`. Float16 and bfloat16 to float32, float32 to float16 and int16 to int32 are reported. `.cpu()` first
and the conversion after it is right. A slice at the start of its tensor is right too.

Reported on PyTorch 2.13.0, M5 Pro, macOS 26.5.2. Fixed in 2.14 (pytorch#184740, pytorch#189572 and pytorch#189966
together, says pytorch#194396). When it began is not known; the code of 2023 already applies the offset to the
converted numbers. A slice with gaps, which arrives with other strides, is copied into plain memory first
(pytorch#189966), so it should be right.
"""

BUG = {
    "issue": "pytorch/pytorch#194344",
    "also": ["pytorch/pytorch#194396", "pytorch/pytorch#184740", "pytorch/pytorch#189572"],
    "kind": "wrong",
    "family": "copy",
    "ops": ["torch.Tensor.to", "torch.Tensor.copy_"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#189966",
    "reported": [
        {
            "thread": "pytorch/pytorch#194344",
            "date": "2026-08-21",
            "torch": "2.13.0",
            "macos": "26.5.2",
            "chip": "M5 Pro",
            "figures": {
                "max_abs_err_offset_1": 3.7109572968602665e19,
                "max_abs_err_offset_2": 2.486,
                "max_abs_err_offset_64": 2.747,
                "max_abs_err_offset_256": 2.799,
            },
        }
    ],
    "met_in": ["pulling part of a half-precision activation to the CPU as float32 (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 21,
    "trigger": [
        {
            "op": ["copy"],
            "when": [
                "self.device == cpu",
                "src.device == accel",
                "src.offset > 0",
                "self.strides == src.strides",
                "self.dtype != src.dtype",
            ],
        }
    ],
    "effect": "ignores-offset(src)",
}

import torch


def inputs():
    return (torch.arange(1000, dtype=torch.int16),)


def compute(device, x):
    return x.to(device)[256:320].to("cpu", torch.int32)  # moved and converted in one call


def workaround(device, x):
    return x.to(device)[256:320].cpu().to(torch.int32)


def control(device, x):
    return x.to(device)[:64].to("cpu", torch.int32)  # a slice at the start


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
