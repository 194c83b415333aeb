"""`torch.matmul` with a transposed view of a permuted tensor is wrong.

Heads are split off with `view` and `permute`, and the key is then transposed for the attention scores. The second
view lost the first: the product read the key as if its heads had not been moved (inferred). Nothing is raised.

Every attention that is written out this way hit it. Make the key contiguous between the two views. Seen on a build of
1.13 of May 2022, with macOS 12.4, and fixed by a pull request of the days after. Whether 1.12.0 has the bug is not
known.
"""

BUG = {
    "issue": "pytorch/pytorch#78511",
    "kind": "wrong",
    "family": "matmul",
    "ops": ["torch.Tensor.permute", "torch.matmul"],
    "affected": ">=1.13.0a0,<1.13",
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#78690",
    "reported": [
        {
            "thread": "pytorch/pytorch#78511",
            "date": "2022-05-31",
            "torch": "1.13.0a0",
            "macos": "12.4",
            "figures": {"mps_plain": False, "mps_with_contiguous": True},
        }
    ],
    "met_in": ["attention scores per head recomputed from cached q and k (judged)"],
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["matmul"], "when": ["other.order == 0312"]}],
    "effect": "ignores-strides(other)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    query, key = torch.randn(2, 2, 5, 3 * 4, generator=generator)  # batch, position, width of 3 heads
    return query, key


def heads(x):
    return x.view(2, 5, 3, 4).permute(0, 2, 1, 3)


def compute(device, query, key):
    return torch.matmul(heads(query.to(device)), heads(key.to(device)).transpose(-1, -2))


def workaround(device, query, key):
    return torch.matmul(heads(query.to(device)), heads(key.to(device)).contiguous().transpose(-1, -2))


def control(device, query, key):
    return torch.matmul(heads(query.to(device)), key.to(device).view(2, 3, 5, 4).transpose(-1, -2))  # one view


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
