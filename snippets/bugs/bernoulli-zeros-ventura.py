"""`torch.bernoulli` returns zeros for every probability on macOS 13.

A tensor of probabilities should give a 1 with just these probabilities. PyTorch 1.12.1 gave zeros only, even for a
probability of 1. The same PyTorch was right on macOS 12, so an update of the system brought it.

You hit it where you draw a mask, as dropout and random ablation do: everything is masked. Draw on the CPU.

The report is of September 2022, so from a preview of macOS 13 (inferred). Whether the released system had it, and how
it was fixed, is not known; the thread is closed.
"""

BUG = {
    "issue": "pytorch/pytorch#85611",
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.bernoulli", "torch.nn.Dropout"],
    "affected": "==1.12.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "macos": ">=13,<14",
    "macos_note": "the same PyTorch was right on macOS 12",
    "reported": [
        {
            "thread": "pytorch/pytorch#85611",
            "date": "2022-09-25",
            "torch": "1.12.1",
            "macos": "13",
            "figures": {"mps_macos13": "all 0", "expected": "all 1"},
        }
    ],
    "met_in": ["masks that are drawn with torch.bernoulli (judged)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["bernoulli"], "when": ["p.given == false", "self.max > 0"]}],
    "effect": "sets(result, 0)",
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return (torch.ones(10, 10),)  # sure events


def compute(device, p):
    return torch.bernoulli(p.to(device))


def workaround(device, p):
    return (torch.rand(p.shape) < p).to(device, p.dtype)  # on the CPU


def control(device, p):
    return 1 - torch.bernoulli(torch.zeros_like(p, device=device))


def p_value(sample):
    """What has probability 1 must come: 0 if some element is not 1."""
    return float((sample == 1).all())


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
