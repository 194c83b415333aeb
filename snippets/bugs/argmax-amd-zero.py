"""`torch.argmax` returns 0 on AMD GPUs of Intel Macs.

On an Intel Mac with an AMD GPU, `argmax` along a dimension of whole numbers gave 0 for each row, whatever was in it.
The CPU of the same Mac was right. Nothing is raised.

You hit it where a text encoder looks for the end of its text: CLIP takes the `argmax` of its token ids, as int32.
With 0 it would pool the first token instead. Move the numbers to the CPU for this call.

It was seen in PyTorch 2.1.0 on macOS 12.7, with int32. Whether other dtypes are wrong too, what the cause is and
whether it was fixed is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#112186",
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.argmax"],
    "affected": "==2.1.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "chips": ["AMD"],
    "reported": [
        {
            "thread": "pytorch/pytorch#112186",
            "date": "2023-10-26",
            "torch": "2.1.0",
            "macos": "12.7",
            "chip": "AMD (x86)",
            "figures": {"cpu": [2, 1, 0], "mps": [0, 0, 0]},
        }
    ],
    "met_in": ["transformers: CLIP's text encoder, which looks for the end of the text"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["argmax"], "when": ["self.dtype == int32"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (torch.tensor([[0, 0, 1], [0, 1, 0], [1, 0, 0]], dtype=torch.int32),)


def compute(device, ids):
    return ids.to(device).argmax(dim=1)


def workaround(device, ids):
    return ids.to(device).cpu().long().argmax(dim=1)


def control(device, ids):
    return ids.to(device).amax(dim=1)  # the largest value itself


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
