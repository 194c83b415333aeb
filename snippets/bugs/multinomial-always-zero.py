"""`torch.multinomial` with replacement always returns index 0.

On macOS 12 each draw was 0, even where the first category has the probability 0. Nothing is raised.

You hit it where you sample with `replacement=True`; each token is then the first of the vocabulary. `generate` in
Transformers samples without replacement. Sample on the CPU, or update macOS.

It was seen in PyTorch 2.0.0 on macOS 12.6, in an x86_64 build, where a native arm64 one was right; then in
2.3.1 on macOS 12.5 and an M1. That all of this comes from macOS 12 is inferred, and the cause is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#99802",
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.multinomial"],
    "affected": ">=2.0.0,<=2.3.1",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "macos": ">=12,<13",
    "reported": [
        {
            "thread": "pytorch/pytorch#99802",
            "date": "2023-04-22",
            "torch": "2.0.0",
            "macos": "12.6.3",
            "chip": "x86_64 build",
            "figures": {"cpu": [[0, 1], [1]], "mps": [[0], [0]]},
        },
        {"thread": "pytorch/pytorch#99802", "date": "2024-06-27", "torch": "2.3.1", "macos": "12.5.1", "chip": "M1"},
    ],
    "met_in": ["sampling with replacement (judged)"],
    "caveat": "A native arm64 Python was right in April 2023.",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["multinomial"], "when": ["replacement.value == true"]}],
    "effect": "sets(result, 0)",
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return (torch.tensor([0.0, 0.5]),)


def compute(device, p):
    return torch.cat([torch.multinomial(p.to(device), 1, replacement=True) for _ in range(20)])


def workaround(device, p):
    return torch.cat([torch.multinomial(p, 1) for _ in range(20)]).to(device)  # on the CPU, one by one


def control(device, p):
    return torch.multinomial(p.to(device), 1)  # without replacement


def p_value(sample):
    """Only the second category can be drawn: 0 if another one was."""
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
