"""`a[:, 0] += b[:, 0]` has no effect.

The result of an operation in place is computed, but not put back into the places of the view, where those do not
lie side by side. The column keeps its values and nothing is raised.

You hit it when you add a steering vector to one column or position in place. `a = a + mask * b`, out of place, is
right. In the same report `a[:, 0] = a[:, 0] + b[:, 0]` went wrong in another way: it wrote into the first row.

Seen on a development build of June 2022. The fix, pytorch#79939, names the thread and is in 1.12.1, by the list of
that release.
"""

BUG = {
    "issue": "pytorch/pytorch#79672",
    "also": ["pytorch/pytorch#78074"],
    "kind": "wrong",
    "family": "in-place",
    "ops": ["torch.Tensor.__setitem__", "torch.Tensor.add_"],
    "affected": "<1.12.1",
    "basis": {"seen": "unknown", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#79939",
    "reported": [
        {
            "thread": "pytorch/pytorch#79672",
            "date": "2022-06-16",
            "torch": "1.13.0.dev20220612",
            "macos": "12.4",
            "figures": {"cpu": [[2, 1], [2, 1]], "mps_iadd": [[1, 1], [1, 1]], "mps_assign": [[2, 2], [1, 1]]},
        }
    ],
    "met_in": ["adding a steering vector to one column in place (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["add", "sub", "mul", "div"], "form": "inplace", "when": ["self.layout != contiguous"]}],
    "effect": "unwritten(result)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 2, generator=generator), torch.randn(4, 2, generator=generator)


def compute(device, a, b):
    a = a.to(device, copy=True)
    a[:, 0] += b.to(device)[:, 0]
    return a


def workaround(device, a, b):
    return a.to(device) + b.to(device) * torch.tensor([1, 0]).to(device)


def control(device, a, b):
    a = a.to(device, copy=True)
    a[0] += b.to(device)[0]  # a row: its places lie side by side
    return a


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
