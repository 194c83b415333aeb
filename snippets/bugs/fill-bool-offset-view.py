"""`mask[1:].fill_(True)` of a boolean tensor writes the wrong positions.

For types of one byte the kernel stores four elements at once. Apple GPUs move such a store down to the next
multiple of four bytes without a word. So where a view begins elsewhere, the elements in front of it are overwritten
and others inside are skipped: of 16 elements, `mask[1:].fill_(True)` also set element 0 and left out element 12.

You hit it when you build a mask in place by slices, for example to leave out the first token: that token is let in
and another is shut out. Booleans, int8 and uint8 are hit; a view that begins at a multiple of four is right. Fill the
mask on the CPU and move it. Whether `mask[1:] = True` is hit too is not known: on a GPU it is a copy, not a fill.

PyTorch 2.12.0 alone: it is called a regression, and 2.12.1 has the fix (pytorch#183790).
"""

BUG = {
    "issue": "pytorch/pytorch#183631",
    "also": ["pytorch/pytorch#183672"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.fill_"],
    "introduced": {"version": "2.12", "basis": "thread"},
    "affected": ">=2.12.0,<2.12.1",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#183790",
    "reported": [
        {
            "thread": "pytorch/pytorch#183631",
            "date": "2026-05-13",
            "torch": "2.12.0",
            "macos": "26.4.1",
            "figures": {"cpu_false_positions": [0], "mps_false_positions": [12]},
        }
    ],
    "met_in": ["masks built in place by slices, such as mask[1:].fill_(True) to leave out the first token (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 27,
    "trigger": [
        {
            "op": ["fill"],
            "form": "inplace",
            "when": [
                "self.device == accel",
                "self.dtype in bool,int8,uint8",
                "self.offset not-multiple-of 4",
                "self.layout == contiguous",
            ],
        }
    ],
    "effect": "ignores-offset(self)",
}

import torch


def inputs():
    return (torch.zeros(16, dtype=torch.bool),)


def compute(device, mask):
    mask = mask.to(device, copy=True)
    mask[1:].fill_(True)  # begins one byte behind a multiple of four
    return mask


def workaround(device, mask):
    mask = mask.clone()
    mask[1:].fill_(True)  # on the CPU
    return mask.to(device)


def control(device, mask):
    mask = mask.to(device, copy=True)
    mask[4:].fill_(True)
    return mask


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
