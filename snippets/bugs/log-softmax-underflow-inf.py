"""`F.log_softmax` returns minus infinity for logits some 90 or more below the greatest.

The probability was computed first and its logarithm taken afterwards. A probability below about 1e-38 is zero in
float32, so its logarithm is minus infinity: in the report a log-probability of -91.6 became `-inf`, one of -85.2 was
right. The fix subtracts the logarithm of the sum, as the CPU does. Nothing is raised.

You hit it in log-probabilities of unlikely tokens. One `-inf` is enough to make a KL divergence infinite or NaN.
Write `x - x.logsumexp(-1, keepdim=True)`.

It was seen on PyTorch 1.13.1 with macOS 12.6. The fix is of February 2023; whether 2.0 or 2.1 has it first is not
known. What counts is the distance to the greatest logit of a row.
"""

BUG = {
    "issue": "pytorch/pytorch#94043",
    "kind": "wrong",
    "family": "elementwise",
    "ops": ["torch.nn.functional.log_softmax"],
    "affected": "==1.13.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#95091",
    "reported": [
        {
            "thread": "pytorch/pytorch#94043",
            "date": "2023-02-03",
            "torch": "1.13.1",
            "macos": "12.6.2",
            "figures": {
                "mps": ["-inf", -0.0353, "-inf", -16.6978, "-inf"],
                "cpu": [-91.5657, -0.0353, -320.1991, -16.6978, -134.4017],
            },
        }
    ],
    "met_in": ["log-probabilities of unlikely tokens, KL divergence becomes inf or NaN (judged)"],
    "caveat": "Fixed in 2.0 or 2.1 (#95091); which is not known. Only tensors with values on both sides of zero are found, since the greatest and the least value are looked at, not each row.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["log_softmax"],
            "when": ["self.dtype == float32", "self.max >= 0", "self.min < -88", "self.min > -inf"],
        },
        {"op": ["log_softmax"], "when": ["self.dtype == float32", "self.max > 88", "self.min <= 0", "self.min > -inf"]},
    ],
    "effect": "sets(result, -inf)",
}


import torch


def inputs():
    return (torch.tensor([-16.9397, 74.5907, -245.5731, 57.9282]),)


def compute(device, logits):
    return torch.nn.functional.log_softmax(logits.to(device), dim=-1)


def workaround(device, logits):
    logits = logits.to(device)
    return logits - logits.logsumexp(-1, keepdim=True)


def control(device, logits):
    return torch.nn.functional.log_softmax(logits.to(device) / 100, dim=-1)


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
