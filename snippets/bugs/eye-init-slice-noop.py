"""`nn.init.eye_(t[1])` and `torch.eye(n, out=t[1])` leave the slice as it was.

The identity is computed, but not into the slice: its values stay as they were, zeros in the report, and nothing is
raised. That it goes into a temporary copy is inferred; no thread says why.

You hit it when you start each of several matrices in one tensor as an identity, such as the translators of a tuned
lens, one a layer. Assign instead: `t[1] = torch.eye(n)`.

Reported on PyTorch 1.13.0, macOS 13.0.1, for `t[0]` of a tensor with one matrix: a view that begins its storage and
fills it. The fix is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#92098",
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.eye", "torch.nn.init.eye_"],
    "affected": "==1.13.0",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "reported": [
        {
            "thread": "pytorch/pytorch#92098",
            "date": "2023-01-12",
            "torch": "1.13.0",
            "macos": "13.0.1",
            "figures": {"cpu": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "mps": "all 0"},
        }
    ],
    "met_in": ["a tuned lens whose translators, one a layer, lie in one tensor and start as identities (judged)"],
    "caveat": "Reported for t[0], a view without an offset. The snippet takes t[1], since only an offset tells a view from a plain tensor; that it is hit alike is inferred.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["eye"], "form": "out", "when": ["result.offset > 0"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    return (torch.zeros(2, 3, 3),)


def compute(device, t):
    t = t.to(device, copy=True)
    torch.nn.init.eye_(t[1])
    return t


def workaround(device, t):
    t = t.to(device, copy=True)
    t[1] = torch.eye(3)
    return t


def control(device, t):
    return torch.nn.init.eye_(t[1].clone().to(device))  # a tensor of its own


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
