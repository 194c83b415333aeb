"""`F.cross_entropy` averages over the targets of -100 too, which it should ignore.

By default, `ignore_index=-100`, a target of -100 gives no loss and does not count in the mean. In the code for the
GPU the part that leaves them out was skipped where `ignore_index` is -100. Their loss is still 0, since no class has
that number, but the sum is divided by the number of all targets. So the loss, and with it the gradient, is too small
by the share of targets that are kept; `reduction="sum"` and other values of `ignore_index` are right. That is
inferred from the fix. Nothing is raised, nor is anything for a target that is no class at all.

You hit it in every fine-tuning that masks the prompt or the padding with -100, as Transformers does. Give another
value, `ignore_index=-1`, or select the targets before the loss.

The report is of August 2023, without a version; the fix was sent to be merged on 26 September (pytorch#109574), after
the branch of PyTorch 2.1 was cut. Which releases before 2.2 are wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#108148",
    "kind": "wrong",
    "family": "loss",
    "ops": ["torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss"],
    "affected": "<2.2",
    "basis": {"seen": "unknown", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#109574",
    "reported": [
        {
            "thread": "pytorch/pytorch#108148",
            "date": "2023-08-29",
            "figures": {"mps": [0.3133, 0.3133, -0.0], "cpu": "IndexError"},
        }
    ],
    "met_in": ["transformers: the loss of language models, whose labels are -100 where they do not count"],
    "caveat": "The mean is inferred from the fix; the figures are of targets that are no class, which raise no error. The software model halves the loss, whatever the share.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["nll_loss_forward", "nll_loss2d_forward"],
            "when": ["reduction.value == 1", "ignore_index.value == -100", "target.min == -100"],
        }
    ],
    "effect": "scales(result, 0.5)",
}

import torch
import torch.nn.functional as F


def inputs():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 8, generator=generator)
    return logits, torch.tensor([-100, -100, -100, 3, 1, 7])  # the prompt does not count, the answer does


def compute(device, logits, labels):
    return F.cross_entropy(logits.to(device), labels.to(device))


def workaround(device, logits, labels):
    logits, labels = logits.to(device), labels.to(device)
    return F.cross_entropy(logits, labels.where(labels != -100, labels.new_tensor(-1)), ignore_index=-1)


def control(device, logits, labels):
    return F.cross_entropy(logits.to(device)[3:], labels.to(device)[3:])  # every target counts


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
