"""`x.to("mps", non_blocking=True)` copies what stands in the memory of `x` by then, also after `x` was freed.

The memory of the source may be given to the next tensor before the GPU reads it; then its numbers arrive, or junk.
Nothing is raised. In one thread three single numbers go wrong in one process, in another an `arange(10)` of whole
numbers. How often a copy goes wrong is not known.

You hit it where a batch is made, moved and forgotten in one line: loaders, activations from a hook, weights that are
loaded with `device_map="mps"` (huggingface/diffusers#13227: black images). Leave out `non_blocking=True`, or keep the
source until `torch.mps.synchronize()`.

2.5.1 is the oldest version of a report. The release notes of 2.13 have the fix of pytorch#139550; a library author
holds that this fixes pytorch#189690 too and that 2.13 is right (huggingface/diffusers#14556). That thread was opened
five days after 2.13.0, and is open: its version is not known.

The copy from the CPU is only put into a queue, and nothing holds the memory of the source until it runs.
"""

BUG = {
    "issue": "pytorch/pytorch#189690",
    "also": [
        "pytorch/pytorch#139550",
        "pytorch/pytorch#83015",
        "Lightning-AI/pytorch-lightning#13285",
        "metatensor/metatensor#1120",
        "huggingface/transformers#43042",
        "huggingface/diffusers#13227",
        "huggingface/diffusers#14556",
    ],
    "kind": "nondeterministic",
    "family": "race",
    "ops": ["torch.Tensor.copy_", "torch.Tensor.to"],
    "affected": ">=2.5.1,<2.13",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#181017",
    "reported": [
        {
            "thread": "pytorch/pytorch#189690",
            "date": "2026-07-13",
            "figures": {"expected": [1.541, 0.6614, 0.3923], "mps": [0.392297, -3.11269e32, 0.392297]},
        },
        {
            "thread": "pytorch/pytorch#139550",
            "date": "2024-11-02",
            "torch": "2.5.1",
            "macos": "14.7.1",
            "chip": "M3 Max",
            "figures": {"last_of_ten": 1688849860263945},
        },
    ],
    "met_in": ["batches, outputs of hooks and weights that are moved with non_blocking=True and not kept (judged)"],
    "caveat": "pytorch#189690 was opened five days after 2.13.0 and is open; huggingface/diffusers#14556 holds it fixed. Whether the source is kept cannot be seen at the call. Whether pinned memory is hit is not known.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 25,
    "trigger": [
        {"op": ["copy"], "when": ["src.device == cpu", "self.device == accel", "non_blocking.value == true"]},
    ],
    "effect": "reads-freed(src) in 1 of 20 calls",
    "repeats": 20,
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(32, 10, generator=generator),)


def compute(device, x):
    # each clone is freed at once, and its memory is likely that of the next
    return torch.stack([row.clone().to(device, non_blocking=True) for row in x])


def workaround(device, x):
    return torch.stack([row.clone().to(device) for row in x])


def control(device, x):
    return torch.stack([row.to(device).clone() for row in x])


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

    def error_ratios(got, cpu, exact):  # one for each output
        alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
        return [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]

    found = {}
    for function in (compute, control, workaround):
        cpu, exact = run(function, "cpu"), run(control if function is control else compute, "cpu", precision=wide)
        try:
            runs = [run(function, device) for _ in range(BUG["repeats"])]
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            each = [error_ratios(got, cpu, exact) for got in runs]
            worst, wrong = max(each, key=max), sum(max(ratios) > 10 for ratios in each)
            found[function] = "WRONG" if wrong else "agrees"
            said = f"error ratio {', '.join(f'{ratio:.3g}' for ratio in worst)}, 10 allowed, "
            said += f"{wrong} of {len(runs)} runs are wrong"
        print(f"  {function.__name__:10} {said}: {found[function]}")
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    if found[compute] == "agrees":
        rate, repeats = 1 - 0.01 ** (1 / BUG["repeats"]), BUG["repeats"]
        seen = 1 - (1 - rate) ** repeats
        print(f"What is wrong in {rate:.2%} of runs shows in {repeats} runs with a chance of {seen:.2%}.")
    print(f"{found[compute].upper()}: {device} against the CPU in float64, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
