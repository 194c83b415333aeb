"""`torch.rand_like` and `torch.randn_like` of a permuted tensor return what the memory held before.

The result takes over the order of the permuted tensor. The random numbers went into a temporary copy that was never
written back. The report shows zeros first, and 101 everywhere after an unrelated `t + 100`.

You hit it when you add noise to a rearranged tensor, `randn_like(x.permute(…))`, as with images that are loaded as
(height, width, channel). Use `torch.rand(t.shape, device=t.device)`.

It was seen in PyTorch 2.2.2 on macOS 14.4. The release notes of 2.10.0 list the fix (pytorch#165267), which says that
macOS 15 and later were right. Random numbers cannot be compared one by one, so their mean is tested.
"""

BUG = {
    "issue": "pytorch/pytorch#124029",
    "also": ["pytorch/pytorch#125231", "pytorch/pytorch#165257", "pytorch/pytorch#94190"],
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.rand_like", "torch.randn_like"],
    "affected": ">=2.2.2,<2.10",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#165267",
    "macos": "<15",
    "reported": [
        {
            "thread": "pytorch/pytorch#124029",
            "date": "2024-04-15",
            "torch": "2.2.2",
            "macos": "14.4.1",
            "figures": {"mps": "all 0; after an unrelated t+100 all 101", "cpu": "random"},
        }
    ],
    "met_in": ["noise that is added to a permuted image (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": True,
    "stored_date": "2026-11-24",
    "trigger": [
        {"op": ["rand_like", "randn_like"], "when": ["self.layout == permuted", "memory_format.given == false"]}
    ],
    "effect": "unwritten(result)",
}

import math

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return (torch.ones(32, 32, 3),)  # (height, width, channel)


def compute(device, image):
    return torch.rand_like(image.to(device).permute(2, 0, 1))


def workaround(device, image):
    return torch.rand(3, 32, 32, device=device)


def control(device, image):
    return torch.rand_like(image.to(device))


def p_value(sample):
    """Two-sided p-value of the mean, which is nearly normal around 1/2 with variance 1/(12 n); 0 outside [0, 1)."""
    values = sample.detach().cpu().double()
    z = (values.mean().item() - 0.5) * math.sqrt(12 * values.numel())
    return math.erfc(abs(z) / math.sqrt(2)) if ((values >= 0) & (values < 1)).all() else 0.0


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
