"""`F.scaled_dot_product_attention` ignores `dropout_p`.

The argument is handed down to the kernels for Apple GPUs, and none of them uses it: the output is the same for 0, 0.5
and 0.9. Nothing is raised.

It happens where no gradient is recorded, so that training is not hit (by the wheel of 2.12.0, which uses other code
there). What is hit is dropout at inference: Monte Carlo dropout, or an ensemble of masked runs, gives one and the
same answer each time. Write it out: `F.dropout(weights, p) @ v`. By the wheels 2.5.0 to 2.11.0 send a call with
dropout to code that applies it.

Reported in May 2026. From 2.13.0 on the kernels raise an error instead.

Dropped items are drawn at random, so this snippet counts the zeros: each of 4,096 attention weights is dropped with a
probability of one half. It says WRONG where their number would be that far from half with a probability below 1e-9.
"""

BUG = {
    "issue": "pytorch/pytorch#184126",
    "kind": "wrong",
    "family": "attention",
    "ops": ["torch.nn.functional.scaled_dot_product_attention"],
    "introduced": {"version": "2.12", "basis": "wheel"},
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#184126",
    "reported": [
        {
            "thread": "pytorch/pytorch#184126",
            "date": "2026-05-17",
            "figures": {"mps": "output equal for p = 0.0, 0.5 and 0.9"},
        }
    ],
    "met_in": ["Monte Carlo dropout under torch.no_grad (judged)"],
    "caveat": "By the wheels, 2.5.0 to 2.11.0 send a call with dropout to a path that applies it (older ones have no other), and 2.12.0 does so where a gradient is recorded: training is not touched.",
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["scaled_dot_product_attention"],
            "when": ["dropout_p.value > 0", "query.grad == false", "key.grad == false", "value.grad == false"],
        }
    ],
    "effect": "sets(dropout_p, 0)",
}

import math

import torch
import torch.nn.functional as F

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 1, 1, 64, 64, generator=generator)  # batch, head, position, size
    v = torch.eye(64).reshape(1, 1, 64, 64).clone()  # with this value the output is the attention weights
    return q, k, v


def compute(device, q, k, v):
    return F.scaled_dot_product_attention(q.to(device), k.to(device), v.to(device), dropout_p=0.5)


def workaround(device, q, k, v):
    weights = torch.softmax(q.to(device) @ k.to(device).transpose(2, 3) * 64**-0.5, dim=-1)
    return F.dropout(weights, 0.5) @ v.to(device)


def control(device, q, k, v):
    q = q.to(device).requires_grad_()  # with a gradient, as in training
    return F.scaled_dot_product_attention(q, k.to(device), v.to(device), dropout_p=0.5)


def p_value(sample):
    """Two-sided p-value of the number of zeros among n weights, were each dropped with probability 1/2 (normal)."""
    dropped = (sample.detach().cpu() == 0).double()
    return math.erfc(abs(dropped.mean().item() - 0.5) * math.sqrt(2 * dropped.numel()))


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
