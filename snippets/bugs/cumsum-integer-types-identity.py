"""`torch.cumsum` of int64, int16 and int8 returns its input.

Of four ones the running sum is `[1, 2, 3, 4]`. The GPU gives `[1, 1, 1, 1]` in int64, int16 and int8, and is right in
int32. That it returns its input whatever that is, is inferred: the thread shows ones alone. Nothing is raised.

You hit it where positions are counted along a mask, `attention_mask.cumsum(-1) - 1`, as GPT-2 and Llama in
Transformers do to generate (seen with 5.24): each token of the prompt then gets position 0. Convert to int32 or to a
float first.

No release has it. `cumsum` came to the GPU in November 2022 (pytorch#88319), in builds before PyTorch 2.0. The report
is of December, the fix of February 2023: it counts in int32 (pytorch#94530), and int64 raised an error for some time
after that. A comment in PyTorch's source blames macOS before 13.3.
"""

BUG = {
    "issue": "pytorch/pytorch#90635",
    "also": ["pytorch/pytorch#96614", "pytorch/pytorch#96610", "pytorch/pytorch#88319"],
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.cumsum"],
    "introduced": {"version": "2.0.0.dev0", "basis": "thread"},
    "affected": ">=2.0.0.dev20221210,<2.0",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#94530",
    "macos_note": "Apple's cumulative sum was wrong for small integers; a comment in kulinseth#419 says until macOS 13.3",
    "reported": [
        {
            "thread": "pytorch/pytorch#90635",
            "date": "2022-12-10",
            "torch": "2.0.0.dev20221210",
            "macos": "13.0.1",
            "figures": {
                "mps_int64": [1, 1, 1, 1],
                "mps_int32": [1, 2, 3, 4],
                "mps_int16": [1, 1, 1, 1],
                "mps_int8": [1, 1, 1, 1],
            },
        }
    ],
    "met_in": ["transformers: GPT-2 and Llama, which count positions along the attention mask to generate"],
    "caused_by": "macos",
    "in_a_release": False,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["cumsum"], "when": ["self.dtype in int8,int16,int64", "dtype.given == false"]},
        {"op": ["cumsum"], "when": ["dtype.value in int8,int16,int64"]},
    ],
    "effect": "sets(result, 1)",
}

import torch


def inputs():
    return (torch.ones(2, 6, dtype=torch.int64),)  # an attention mask: every token counts


def compute(device, mask):
    return mask.to(device).cumsum(-1) - 1  # the position of each token


def workaround(device, mask):
    return mask.to(device).cumsum(-1, dtype=torch.int32).long() - 1


def control(device, mask):
    return mask.int().to(device).cumsum(-1, dtype=torch.int32) - 1


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
