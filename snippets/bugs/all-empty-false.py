"""`torch.all` of an empty tensor is False.

Of nothing, all is true: so says the CPU, and so say Python and NumPy. The GPU answered False. In the source of that
time the call returns early where there is nothing to look at, and its result is never written; that the memory then
reads as False is inferred.

You hit it where a check runs over a selection that may be empty: "all of these logits are finite" fails although
there are none. Ask for `numel()` first.

It was seen in a build of July 2023. The fix was sent to be merged that month, before the branch of PyTorch 2.1 was
cut. Which releases before 2.1 are wrong is not known. Along a dimension it stayed wrong (`all-dim-empty-undefined`).
"""

BUG = {
    "issue": "pytorch/pytorch#104694",
    "kind": "wrong",
    "family": "reduction",
    "ops": ["torch.all"],
    "affected": ">=2.1.0.dev20230702,<2.1",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#105218",
    "reported": [
        {
            "thread": "pytorch/pytorch#104694",
            "date": "2023-07-06",
            "torch": "2.1.0.dev20230702",
            "macos": "13.3",
            "chip": "M2 Max",
            "figures": {"cpu": True, "mps": False},
        }
    ],
    "met_in": ["a check over an empty selection fails (judged)"],
    "caveat": "The merge was asked for in July 2023, the month before the branch of 2.1 was cut. With a dimension it went on: all-dim-empty-undefined.",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["all"], "when": ["dim.given == false", "self.numel == 0"]}],
    "effect": "sets(result, 0)",
}

import torch


def inputs():
    return (torch.tensor([1.0, 2.0, 3.0]),)


def compute(device, x):
    x = x.to(device)
    return torch.all(x[x > 9] < 20)  # an empty selection


def workaround(device, x):
    x = x.to(device)
    chosen = x[x > 9] < 20
    return torch.all(chosen) if chosen.numel() else torch.tensor(True, device=device)


def control(device, x):
    x = x.to(device)
    return torch.all(x[x > 1] < 20)


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
