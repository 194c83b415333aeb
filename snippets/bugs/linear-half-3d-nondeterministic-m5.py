"""`F.linear` without a bias differs from call to call for 3-D half inputs on M5.

Apple's matrix product is unstable on the GPU of the M5 for float16 and bfloat16 and more than two dimensions: the
same call twice differs by 123.5 in the thread. Nothing is raised. Not all shapes are hit; the thread found
(2, 13, 1024) by 1024, (6, 6, 634) by 634 and (1, 3, 28, 315) by 315 by trying, and no rule. float32, two dimensions,
and layers with a bias are right there.

Every projection without a bias of a model in half precision can hit it, as in Llama: logits that change from run to
run, losses that go astray in training. Flatten the input to two dimensions and reshape the result.

Reported in April 2026 on an M5 with macOS 26. PyTorch flattens such inputs itself from 2.13.0 on, by its release notes.
The first affected version is not known. The gradient had the same fault (pytorch#181936).
"""

BUG = {
    "issue": "pytorch/pytorch#180776",
    "also": ["pytorch/pytorch#182025"],
    "kind": "nondeterministic",
    "family": "matmul",
    "ops": ["torch.nn.functional.linear"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#181466",
    "macos_note": "macOS 26.4 is named in pytorch/pytorch#181504",
    "chips": ["M5"],
    "reported": [
        {
            "thread": "pytorch/pytorch#180776",
            "date": "2026-04-19",
            "macos": "26",
            "chip": "M5",
            "figures": {"difference_between_two_calls": 123.5},
        }
    ],
    "met_in": [
        "transformers: Llama, Mixtral, T5 and Mamba in float16, and the last layer of GPT-2, should their shapes be among those",
        "trl: DPOTrainer and GRPOTrainer in half precision (pytorch/pytorch#180776)",
    ],
    "caveat": "Only some shapes are hit, and no rule is known: every shape counts as hit, and a model that calls it may be right.",
    "caused_by": "macos",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "danger": 19,
    "trigger": [
        {"op": ["linear"], "when": ["input.dtype in float16,bfloat16", "input.ndim >= 3", "bias.given == false"]}
    ],
    "effect": "noise(result, 10)",
    "dtypes": ["float16", "bfloat16"],
    "repeats": 3,
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 13, 1024, generator=generator), torch.randn(1024, 1024, generator=generator)


def compute(device, x, weight):
    return F.linear(x.to(device), weight.to(device))


def workaround(device, x, weight):
    return F.linear(x.to(device).flatten(0, 1), weight.to(device)).view(2, 13, 1024)


def control(device, x, weight):
    return F.linear(x.to(device)[0], weight.to(device))  # two dimensions


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

    def error_ratios(got, cpu, exact):  # one for each output
        alike = [(t.shape, t.dtype) for t in got] == [(t.shape, t.dtype) for t in cpu]
        return [error_ratio(*outputs) for outputs in zip(got, cpu, exact)] if alike else [float("inf")]

    found = {}
    of_all = {}  # the worst of all dtypes
    for dtype, function in [(d, f) for d in BUG["dtypes"] for f in (compute, control, workaround)]:
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
        print(f"  {function.__name__:10} {dtype} {said}: {found[function]}")
        of_all[function] = max(of_all.get(function, "agrees"), found[function], key=["agrees", "ERROR", "WRONG"].index)
    found = of_all
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
