"""`torch.topk` with `k` above 16 fills values and indices beyond the 16th with zeros.

Apple's library of that time found at most 16 entries, and the rest of the result stayed zero: the index 0 is
where others belong. Nothing is raised. The first report prints 16 right entries of 30. A second one says that the last
5 of 20 were zero, which would leave 15; it prints none.

You hit it in top-k sampling with k = 50, in a sparse autoencoder that keeps 32 features, in retrieval. Sort in
descending order and take the first `k`.

Seen on 1.12.0 and a build of 1.13 in 2022. From 1.12.1 on the call raises an error, and larger `k` are computed from
2.0 on.
"""

BUG = {
    "issue": "pytorch/pytorch#78915",
    "also": ["pytorch/pytorch#83656"],
    "kind": "wrong",
    "family": "sort",
    "ops": ["torch.topk"],
    "affected": ">=1.12.0,<1.12.1",
    "basis": {"seen": "thread", "fixed": "thread"},
    "fixed_pr": "pytorch/pytorch#79677",
    "reported": [
        {
            "thread": "pytorch/pytorch#78915",
            "date": "2022-06-06",
            "torch": "1.13.0a0",
            "chip": "M1",
            "figures": {"mps": "29..14, then 14 zeros", "cpu": "29..0"},
        },
        {"thread": "pytorch/pytorch#83656", "date": "2022-08-18", "torch": "1.12.0"},
    ],
    "met_in": ["top-k sampling and top-k sparse autoencoders (judged)"],
    "caveat": "1.12.1 raises instead; more than 16 entries came in 2.0.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["topk"], "when": ["k.value > 16"]}],
    "effect": "unwritten(result, after 16)",
}

import torch


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randperm(30, generator=generator).float(),)  # each number once: their order is not open


def compute(device, scores):
    return torch.topk(scores.to(device), 20)


def workaround(device, scores):
    values, places = torch.sort(scores.to(device), descending=True)
    return values[:20], places[:20]


def control(device, scores):
    return torch.topk(scores.to(device), 16)


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
