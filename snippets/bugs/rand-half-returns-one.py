"""`torch.rand` in half types returns 1, which it excludes.

The numbers should lie in [0, 1). On the GPU they were drawn in float32 and then rounded, so that one close to 1
becomes 1. Of ten million numbers 2,425 were 1 in float16 and 19,227 in bfloat16; on the CPU, and in float32, none.
`uniform_(a, b)` returns b in the same way.

You hit it where a logarithm follows: `log(1 - u)` is minus infinity for u = 1, and Gumbel noise made of it is
infinite or NaN. Draw in float32.

PyTorch 2.14.0 has it, and so have builds of 2.15 of September 2026. Two pull requests set out to fix it, pytorch#190931
and pytorch#197081; which release has a fix is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#197079",
    "also": ["pytorch/pytorch#190931"],
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.Tensor.uniform_", "torch.rand"],
    "affected": ">=2.14.0,<=2.15.0.dev20260913",
    "basis": {"seen": "thread", "fixed": "unknown"},
    "fixed_pr": "pytorch/pytorch#197081",
    "reported": [
        {
            "thread": "pytorch/pytorch#197079",
            "date": "2026-09-15",
            "torch": "2.14.0",
            "figures": {"float16_ones_of_1e7": 2425, "bfloat16_ones_of_1e7": 19227, "cpu": 0, "float32": 0},
        },
        {"thread": "pytorch/pytorch#197079", "date": "2026-09-15", "torch": "2.15.0.dev20260913"},
    ],
    "met_in": ["noise in half precision whose logarithm is taken (judged)"],
    "caused_by": "torch",
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["rand", "rand_like", "uniform"], "when": ["result.dtype in float16,bfloat16"]}],
    "effect": "sets(result, 1)",
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return ()


def compute(device):
    return torch.rand(200_000, dtype=torch.float16, device=device)  # some 48 of them are 1


def workaround(device):
    return torch.rand(200_000, device=device)


def control(device):
    return torch.rand(200_000, device=device)  # float32


def p_value(sample):
    """1 is excluded: 0 if it was drawn."""
    return float((sample < 1).all())


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
