"""`torch.randn` of complex numbers has too large a standard deviation.

Complex normal numbers should have a variance of 1 in all, half of it in the real and half in the imaginary part. A
report of September 2024 says that those of the GPU had twice the standard deviation they should have, measured on the
parts, so that the fault in `torch.std` of complex numbers is not to blame (inferred).

You hit it when you draw complex noise for a signal model. Draw the parts on their own and divide by the square root
of 2.

The report was closed with a fix of `torch.std` (`var-complex`), and no thread that we read says that the draws were
changed. The report's version is not known. So whether any release is right or wrong is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#135210",
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.randn"],
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "reported": [{"thread": "pytorch/pytorch#135210", "date": "2024-09-05"}],
    "met_in": ["complex noise for signal models (judged)"],
    "caveat": "The issue was closed with a fix of torch.std; no thread that we read says that the draws were changed.",
    "open_as_stored": False,
    "stored_date": "2026-11-27",
    "trigger": [{"op": ["randn", "randn_like"], "when": ["result.dtype == complex64"]}],
    "effect": "scales(result, 2)",
    "absent": {"affected": "no source names a version"},
}

import math

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return ()


def compute(device):
    return torch.randn(10_000, dtype=torch.complex64, device=device)


def workaround(device):
    return torch.view_as_complex(torch.randn(10_000, 2, device=device) / math.sqrt(2))


def control(device):
    return torch.complex(torch.randn(10_000, device=device), torch.zeros(10_000, device=device))  # real numbers


def p_value(sample):
    """Two-sided p-value of the mean of |z|², nearly normal around 1, with a variance of at most 2/n."""
    power = torch.view_as_real(sample.detach().cpu()).double().square().sum(-1)
    return math.erfc(abs(power.mean().item() - 1) * math.sqrt(len(power)) / 2)


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
