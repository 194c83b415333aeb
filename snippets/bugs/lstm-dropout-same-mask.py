"""`nn.LSTM` drops the same elements between its layers on every call.

In training, an LSTM of two or more layers should drop different elements each time. On Apple GPUs three calls on the
same input gave equal outputs, so the mask was drawn only once. It is inferred that the mask is part of a graph which is
kept for calls of the same shapes. Dropout then does not regularise; it removes a fixed part of the model. Nothing is
raised.

You hit it with `num_layers` of two or more and a dropout above zero, in training. `nn.Dropout` between LSTMs of one
layer is drawn again each time.

It was shown in the pull request that fixes it, of May 2026, without a version; the release notes of 2.13 list it.
Since when it was so is not known. Related: an LSTM that drops in `eval()` too (pytorch#180744).

Random numbers cannot be compared with the CPU's, so the snippet asks whether two calls gave the same: on a healthy
device both draw the same mask of 128 elements with a probability of 2**-128.
"""

BUG = {
    "issue": "pytorch/pytorch#185351",
    "also": ["pytorch/pytorch#173640", "pytorch/pytorch#174115"],
    "kind": "wrong",
    "family": "recurrent",
    "ops": ["torch.nn.LSTM"],
    "affected": "<2.13",
    "basis": {"seen": "unknown", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#185351",
    "reported": [
        {"thread": "pytorch/pytorch#185351", "date": "2026-05-27", "figures": {"mps": "three train-mode calls equal"}}
    ],
    "met_in": ["training of stacked nn.LSTM with dropout (judged)"],
    "in_a_release": True,
    "open_as_stored": False,
    "stored_date": "2026-11-24",
    "trigger": [
        {
            "op": ["lstm"],
            "when": [
                "train.value == true",
                "dropout.value > 0",
                "num_layers.value > 1",
                "earlier.train.value == true",
                "earlier.input.shape == input.shape",
                "earlier.input.dtype == input.dtype",
                "earlier.hx.shape == hx.shape",
                "earlier.dropout.value == dropout.value",
                "earlier.num_layers.value == num_layers.value",
                "earlier.has_biases.value == has_biases.value",
                "earlier.bidirectional.value == bidirectional.value",
                "earlier.batch_first.value == batch_first.value",
            ],
        }
    ],
    "effect": "stale(result)",
    "fresh": True,
}

import torch

FALSE_ALARM = 1e-9  # a p-value below this counts as WRONG


def inputs():
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(4, 4, 8, generator=generator),)  # position, batch, size: 128 elements between two layers


@torch.no_grad()
def compute(device, x):
    model, x = torch.nn.LSTM(8, 8, num_layers=2, dropout=0.5).to(device).train(), x.to(device)
    return torch.stack([model(x)[0], model(x)[0]])


@torch.no_grad()
def workaround(device, x):
    first, second = (torch.nn.LSTM(8, 8).to(device) for _ in range(2))
    hidden = first(x.to(device))[0]
    return torch.stack([second(torch.nn.functional.dropout(hidden, 0.5))[0] for _ in range(2)])


@torch.no_grad()
def control(device, x):
    return torch.stack([torch.nn.functional.dropout(x.to(device), 0.5) for _ in range(2)])


def p_value(sample):
    """The probability that two calls give the same: that both draw one mask out of 2**128 equally likely ones.

    `sample` is a float tensor (call, ...) on any device. 1 where the calls differ.
    """
    first, second = sample.detach().cpu()
    return 2.0**-128 if torch.equal(first, second) else 1.0


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
