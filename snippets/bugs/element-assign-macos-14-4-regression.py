"""`x[1] = 1; x[2] = 3` stores 3 in both places.

The number that is assigned becomes a tensor of one element on the GPU, which is copied into its place later,
without waiting. Since macOS 14.4 the next number gets the same memory before that copy has run (inferred), so the
earlier place takes the later value: zeros, set to 1 and then to 3, read `[0, 3, 3]`. Nothing is raised.

You hit it with any code that sets single positions one after another: ablations, masks, logits. Write them in one
call, for example with `scatter`.

PyTorch 2.2.0 and 2.2.1 on macOS 14.4 are reported; macOS 14.3 is right, and so is PyTorch before 2.2. A copy that
waits fixes it, a maintainer found (pytorch#122016); 2.3 has the fix (pytorch#123234). Assignment through a mask
goes wrong on the same versions (pytorch#124206), and with it what nanoGPT and llm.c write.
"""

BUG = {
    "issue": "pytorch/pytorch#122016",
    "also": ["pytorch/pytorch#123178", "pytorch/pytorch#124206"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.__setitem__", "torch.Tensor.copy_", "torch.Tensor.fill_"],
    "introduced": {"version": "2.2", "basis": "thread"},
    "affected": ">=2.2,<2.3",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#123234",
    "macos": ">=14.4",
    "macos_note": "right on macOS 14.3",
    "reported": [
        {
            "thread": "pytorch/pytorch#122016",
            "date": "2024-03-16",
            "torch": "2.2.0",
            "macos": "14.4",
            "chip": "M1 Max",
            "figures": {"cpu": [0, 1, 3], "mps": [0, 3, 3]},
        },
        {"thread": "pytorch/pytorch#122016", "date": "2024-03-16", "torch": "2.2.1", "macos": "14.4", "chip": "M1 Max"},
    ],
    "met_in": ["ablations and masks that set single positions one after another (judged)"],
    "caveat": "On a Mac the earlier of two places gets the later value; the software model of this bug spoils each.",
    "caused_by": "both",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 29,
    "trigger": [
        {"op": ["copy"], "form": "inplace", "when": ["self.ndim == 0", "src.ndim == 0", "self.dtype == src.dtype"]}
    ],
    "effect": "reads-freed(src)",
}

import torch


def inputs():
    return (torch.zeros(3),)


def compute(device, x):
    x = x.to(device, copy=True)
    x[1] = 1
    x[2] = 3
    return x


def workaround(device, x):
    places, values = torch.tensor([1, 2]), torch.tensor([1.0, 3.0])
    x = x.to(device)
    return x.scatter(0, places.to(device), values.to(device).to(x.dtype))


def control(device, x):
    values = torch.tensor([1.0, 3.0]).to(device)
    x = x.to(device, copy=True)
    x[1:] = values.to(x.dtype)  # both places at once
    return x


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
