"""`torch.multinomial(p, 1)` now and then returns an index of probability zero.

To draw one index the GPU divides each probability by a random number from `exponential_`. About one in 30 million of
these numbers was exactly -0. Zero divided by it is NaN, and the `argmax` that follows takes the NaN for the largest. So
an entry with probability 0 is drawn, and the more such entries there are, the more often: with a vocabulary of 151,936
in 90 of 20,000 draws. The CPU had none.

You hit it in `generate(do_sample=True)`: top-k, top-p and low temperatures make exact zeros, and with such a
vocabulary a token that was ruled out comes once in some hundred. Smaller vocabularies see it less often. Draw on the
CPU.

It was seen in PyTorch 2.13.0 on an M1 Pro. 2.14.0 has the fix (pytorch#192621). Whether earlier releases are hit is
not known, nor is whether several draws without replacement are, which take the same numbers and then `topk`.
"""

BUG = {
    "issue": "pytorch/pytorch#192577",
    "also": ["pytorch/pytorch#159103"],
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.Tensor.exponential_", "torch.multinomial"],
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#192621",
    "reported": [
        {
            "thread": "pytorch/pytorch#192577",
            "date": "2026-08-08",
            "torch": "2.13.0",
            "macos": "15.7.7",
            "chip": "M1 Pro",
            "figures": {
                "mps_bad_of_20000": 90,
                "cpu_bad_of_20000": 0,
                "exact_zero_rate_exponential": "10 in 3.04e8 samples (3.3e-8); CPU 0",
            },
        }
    ],
    "met_in": ["transformers: generate(do_sample=True) with top_k, top_p or a low temperature"],
    "caveat": "The software model of this bug returns index 0 in each draw, not in one of 220.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "danger": 37,
    "trigger": [{"op": ["multinomial"], "when": ["num_samples.value == 1", "self has zero"]}],
    "effect": "sets(result, 0)",
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    p = torch.zeros(151_936)  # a vocabulary
    p[12345] = 1  # all but one token are ruled out
    return (p,)


def compute(device, p):
    rows = p.to(device).repeat(32, 1)
    return torch.cat([torch.multinomial(rows, 1) for _ in range(40)])  # 1,280 draws, about 6 of them wrong


def workaround(device, p):
    return torch.multinomial(p, 1_280, replacement=True).to(device)  # on the CPU


def control(device, p):
    return torch.multinomial(p.to(device)[12345:12346], 1) + 12345  # no zeros: one token is left


def p_value(sample):
    """Only one token can be drawn: 0 if another one was."""
    return float((sample == 12345).all())


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
