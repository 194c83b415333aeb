"""`normal_`, `uniform_` and other random in-place operations do nothing on non-contiguous tensors.

On a transposed tensor or a slice with gaps, the random numbers went into a temporary copy and were not written back.
The tensor keeps what it held. Nothing is raised. `exponential_`, `bernoulli_` and `random_` are hit as well, and so
is dropout where it draws its mask with one of them.

You hit it when you initialise weights through a view, `weight.T.normal_()`, as for tied or transposed encoders and
decoders: they stay at zero. Fill a contiguous tensor and `copy_` it in.

Such results were seen in PyTorch 2.2.2 on macOS 14.4 (pytorch#124029). The release notes of 2.10.0 list the fix
(pytorch#165267), which says that macOS 15 and later were right.
"""

BUG = {
    "issue": "pytorch/pytorch#165257",
    "also": ["pytorch/pytorch#124029"],
    "kind": "wrong",
    "family": "random",
    "ops": [
        "torch.Tensor.bernoulli_",
        "torch.Tensor.exponential_",
        "torch.Tensor.normal_",
        "torch.Tensor.random_",
        "torch.Tensor.uniform_",
        "torch.nn.Dropout",
    ],
    "affected": ">=2.2.2,<2.10",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#165267",
    "macos": "<15",
    "reported": [
        {"thread": "pytorch/pytorch#124029", "date": "2024-04-15", "torch": "2.2.2", "macos": "14.4.1"},
        {"thread": "pytorch/pytorch#165257", "figures": {"mps": "no change to the tensor"}},
    ],
    "met_in": ["weights that are initialised through a transposed view (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["normal", "uniform", "exponential", "bernoulli", "random"],
            "form": "inplace",
            "when": ["self.layout != contiguous"],
        }
    ],
    "effect": "unwritten(result)",
}

import math

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return (torch.zeros(48, 64),)


def compute(device, weight):
    return weight.to(device).T.normal_()


def workaround(device, weight):
    return weight.to(device).T.copy_(torch.randn(64, 48, device=device))


def control(device, weight):
    return weight.to(device).normal_()


def p_value(sample):
    """Two-sided p-value of the sum of squares, nearly normal around n with variance 2 n; 0 if it is not finite."""
    n, total = sample.numel(), sample.detach().cpu().double().square().sum().item()
    return math.erfc(abs(total - n) / math.sqrt(4 * n)) if math.isfinite(total) else 0.0


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
