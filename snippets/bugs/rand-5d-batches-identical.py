"""`torch.randn` of a shape with five dimensions or more repeats the same numbers in every batch item.

Asked for more than four dimensions, the random generator of Apple's graph framework returns repeated values. All items
of a batch get one and the same sample, while a shape of four dimensions is fine. Nothing is raised. `randn_like` does
the same (pytorch#147740); the fix's author shows it for uniform numbers too.

It was noticed when a diffusion model should have given different samples, and waits wherever noise has an axis each
for batch, layer, head, query and key. Draw a flat tensor and call `.view(…)`. It was found in PyTorch 2.5.1; the
release notes of 2.7.0 list the fix. When it began is not known.

Random numbers cannot be compared one by one with the CPU's, so this snippet tests the claim that the first two batch
items are independent. It says WRONG where their correlation would be that large with a probability below 1e-9: one
false alarm in a thousand million runs of a healthy device.
"""

BUG = {
    "issue": "pytorch/pytorch#147624",
    "also": ["pytorch/pytorch#147740"],
    "kind": "wrong",
    "family": "random",
    "affected": ">=2.5.1,<2.7",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#147667",
    "reported": [
        {"thread": "pytorch/pytorch#147624", "date": "2025-02-21", "torch": "2.5.1", "macos": "15.2"},
        {"thread": "pytorch/pytorch#147740", "date": "2025-02-24"},
    ],
    "met_in": [
        "noise of shape (batch, layer, head, query, key) (judged)",
        "diffusion models: starting noise of a batch of volumes (judged)",
    ],
    "trigger": [
        {"op": ["randn", "randn_like", "rand", "rand_like", "normal", "uniform"], "when": ["result.ndim >= 5"]}
    ],
    "effect": "random(broadcast)",
}

import math

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return ()


def compute(device):
    return torch.randn(2, 1, 32, 32, 32, device=device)


def workaround(device):
    return torch.randn(2 * 32 * 32 * 32, device=device).view(2, 1, 32, 32, 32)


def control(device):
    return torch.randn(2, 32, 32, 32, device=device)  # as many numbers in four dimensions


def p_value(sample):
    """Two-sided p-value of the correlation between the first two batch items, were they independent.

    `sample` is a float tensor (batch, ...) on any device. Of n independent pairs the correlation r is nearly normal
    with variance 1/n, so p = erfc(|r| sqrt(n/2)). NaN if an item is constant.
    """
    a, b = sample.detach().cpu().double().flatten(1)[:2]
    a, b = a - a.mean(), b - b.mean()
    r = (a @ b / (a.norm() * b.norm())).item()
    return math.erfc(abs(r) * math.sqrt(a.numel() / 2))


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
