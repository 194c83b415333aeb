"""`torch.randn` and `torch.normal` return the same numbers on every call for one shape.

The GPU made a seed for each call and did not use it, so two draws of the same shape were equal. `torch.rand` and
`bernoulli_` were random.

You hit it wherever noise is drawn more than once: corruption noise, random directions and initial weights are all
alike. `normal_` and `randn_like` count as hit too, since `randn` calls the same code as they do. Draw on the CPU.

It was seen in builds of May 2022, of 1.12 and 1.13. A fix came with the report (pytorch#78010). Whether 1.12.0 has it
is not known.
"""

BUG = {
    "issue": "pytorch/pytorch#78009",
    "also": ["pytorch/pytorch#78110"],
    "kind": "wrong",
    "family": "random",
    "ops": ["torch.normal", "torch.randn"],
    "affected": ">=1.12.0a0,<1.13",
    "unsure": ["1.12"],
    "basis": {"seen": "thread", "fixed": "merge date"},
    "fixed_pr": "pytorch/pytorch#78010",
    "reported": [
        {"thread": "pytorch/pytorch#78009", "date": "2022-05-20", "torch": "1.12.0a0", "macos": "12.4"},
        {
            "thread": "pytorch/pytorch#78110",
            "date": "2022-05-23",
            "torch": "1.13.0.dev20220523",
            "figures": {"mps_three_times": [-1.2882, -0.0142, -0.4158]},
        },
    ],
    "met_in": ["noise that is drawn again in one shape (judged)"],
    "caveat": "Whether 1.12.0 has the fix is not known.",
    "caused_by": "torch",
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [{"op": ["randn", "randn_like", "normal"], "when": ["earlier.result.shape == result.shape"]}],
    "effect": "stale(result)",
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    return ()


def compute(device):
    return torch.stack([torch.randn(64, device=device) for _ in range(2)])


def workaround(device):
    return torch.randn(2, 64).to(device)  # on the CPU, in one call


def control(device):
    return torch.stack([torch.rand(64, device=device) for _ in range(2)])  # even random numbers


def p_value(sample):
    """That 64 numbers of at least 20 random bits come twice in a row has a probability far below 1e-300."""
    first, second = sample.cpu()
    return 0.0 if torch.equal(first, second) else 1.0


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
