"""`F.gumbel_softmax` gives NaN because `exponential_` can return exactly zero.

Gumbel noise is minus the logarithm of numbers drawn by `exponential_`. Now and then the GPU draws a zero, whose
logarithm is infinite, and softmax makes NaN of the whole row. The CPU draws none. Nothing is raised.

You hit it in learned masks, in quantizers with Gumbel noise such as that of Wav2Vec2 in training, and in any sampling
by `exponential_`: rarely, so that a long training ends in NaN without a cause that one can see. Draw the noise from
`torch.rand`, clamped above zero, or clamp the noise itself.

In July 2025 the 29th row of 32,768 was the first with a NaN; the version is not known. 2.9 set out to end it
(pytorch#159386). In August 2026 a report counts 10 zeros in 304 million numbers on 2.13.0, macOS 15.7.7, an M1 Pro;
that they reach `gumbel_softmax` is inferred. The release notes of 2.14 list a fix. Whether 2.9 to 2.12 have it is not
known. The check looks at the noise alone: it draws 200 million numbers, of which 6 or 7 should be zero.
"""

BUG = {
    "issue": "pytorch/pytorch#159103",
    "also": ["pytorch/pytorch#159386", "pytorch/pytorch#192577"],
    "kind": "nan",
    "family": "random",
    "ops": ["torch.Tensor.exponential_", "torch.nn.functional.gumbel_softmax"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#192621",
    "reported": [
        {"thread": "pytorch/pytorch#159103", "date": "2025-07-24", "figures": {"seed": 28}},
        {
            "thread": "pytorch/pytorch#192577",
            "date": "2026-08-08",
            "torch": "2.13.0",
            "macos": "15.7.7",
            "chip": "M1 Pro",
            "figures": {"exact_zeros": "10 in 3.04e8 samples of exponential_(); CPU 0"},
        },
    ],
    "met_in": ["transformers: the Gumbel quantizer of Wav2Vec2, in training"],
    "caveat": "The software model of this bug draws nothing but zeros. That the zeros of 2.13.0 reach gumbel_softmax is inferred.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["exponential"], "form": "inplace"}],
    "effect": "sets(result, 0)",
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return ()


def compute(device):
    draws = [torch.empty(10_000_000, device=device).exponential_().min() for _ in range(20)]
    return torch.stack(draws).log()  # minus infinity where one is zero: what gumbel_softmax adds


def workaround(device):
    return (-torch.rand(10_000_000, device=device).clamp(min=1e-38).log()).min().log()[None]


def control(device):
    return torch.randn(10_000_000, device=device).min()[None]  # other noise


def p_value(sample):
    """Such noise is never infinite: 0 if it was."""
    return float(sample.isfinite().all())


# The lines below are the same in every snippet about random numbers: sample on this device, say whether p is credible.
if __name__ == "__main__":
    import sys

    device = sys.argv[2] if sys.argv[1:2] == ["--device"] else "mps"
    print(f"{__doc__.splitlines()[0]}\nPython {sys.executable}\ntorch {torch.__version__} from {torch.__file__}")
    if device == "mps" and not torch.backends.mps.is_available():
        sys.exit("COULD NOT RUN: this torch sees no Apple GPU; on a Mac, see torch.backends.mps.is_available()")

    found = {}
    for function in (compute, control, workaround):
        try:
            p = p_value(function(device, *inputs()))
        except Exception as error:
            found[function], said = "ERROR", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            found[function] = "agrees" if p >= FALSE_ALARM else "WRONG"  # WRONG for NaN too
            said = f"p {p:.3g} on {device}, {FALSE_ALARM:.3g} needed"
        print(f"  {function.__name__:10} {said}: {found[function]}")
    if found[control] == "WRONG":
        sys.exit("COULD NOT TELL: control is wrong too, a call that the bug spares")
    if found[compute] == "ERROR":
        sys.exit("COULD NOT RUN: compute raised an error, which is not the bug")
    print(f"{found[compute].upper()}: random numbers of {device} against theory, torch {torch.__version__}")
    sys.exit(0 if found[compute] == "agrees" else 3)
