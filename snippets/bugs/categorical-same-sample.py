"""`torch.multinomial` draws the same sample again and again from transposed probabilities.

To draw, the GPU fills a tensor of the same layout with noise. In the layout of a transposed tensor the noise was
never written, so that whatever the memory held decided, the same each time. Probabilities that come from `.T` or
`permute` are hit; a plain tensor is not.

You hit it when you sample from probabilities that were rearranged, (vocabulary, batch) to (batch, vocabulary): the
temperature has no effect. Call `.contiguous()` first. With replacement no such noise is drawn (inferred).

It was seen on macOS 14, and a reviewer found macOS 15 right. The release notes of 2.7.0 list the fix, pytorch#141515;
whether 2.6.0 has it is not known. The cause is that of `random-inplace-noncontiguous-noop`.
"""

BUG = {
    "issue": "pytorch/pytorch#141457",
    "also": ["pytorch/pytorch#165257"],
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.distributions.Categorical", "torch.multinomial"],
    "affected": "<2.7",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#141515",
    "macos": ">=14,<15",
    "macos_note": "a reviewer of the fix finds macOS 15 right",
    "reported": [
        {
            "thread": "pytorch/pytorch#141457",
            "date": "2024-11-24",
            "macos": "14",
            "figures": {"mps": [24, 17, 23, 15], "entropy": "mps and cpu agree to 1e-4"},
        }
    ],
    "met_in": ["torch.distributions.Categorical of rearranged probabilities"],
    "caveat": "Whether 2.6.0 has the fix is not known.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["multinomial"], "when": ["self.layout == permuted", "replacement.value == false"]}],
    "effect": "stale(result)",
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return (torch.ones(1000, 4),)  # (vocabulary, batch): all tokens alike


def compute(device, p):
    return torch.stack([torch.multinomial(p.to(device).T, 1) for _ in range(8)])


def workaround(device, p):
    return torch.stack([torch.multinomial(p.to(device).T.contiguous(), 1) for _ in range(8)])


def control(device, p):
    return torch.stack([torch.multinomial(p.to(device).view(4, 1000), 1) for _ in range(8)])


def p_value(sample):
    """That four draws of one token in 1,000 all repeat has a probability of 1e-12, for 7 later rounds 7e-12 at most."""
    again = [torch.equal(sample[0], one) for one in sample[1:]]
    return 7e-12 if any(again) else 1.0


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
