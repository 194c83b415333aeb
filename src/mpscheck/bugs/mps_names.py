"""Ops that exist on mps alone, and what is seen of them elsewhere.

A trigger says the name that a recorder sees on mps. Where the CPU has no kernel of that name, nothing of it is called
there: a gradient is then told from the forward call and from the gradient that arrives at its result. What mps calls
inside another op no recorder sees, there or here. `tests/bugs/test_mps_names.py` holds these tables against the
`derivatives.yaml` and `native_functions.yaml` that come with torch.
"""

from __future__ import annotations

from dataclasses import dataclass

# The gradients that arrive at the results, the first result's first.
INCOMING = ("the gradient of the result", "the gradient of the second result", "the gradient of the third result")


@dataclass(frozen=True)
class Gradient:
    """A gradient that mps has a kernel for, and the CPU none: the forward op, and its arguments by those of that op.

    `needed` are the arguments of that op whose gradients its `output_mask` asks for, one after the other.
    """

    of: str
    args: dict[str, str]
    needed: tuple[str, ...] = ()


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_POOLING = _same("self", "kernel_size", "stride", "padding", "dilation", "ceil_mode")
_RECURRENT = _same(
    "input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first"
)
GRADIENTS = {
    "linear_backward": Gradient(
        "linear",
        {"self": "input", "grad_output": INCOMING[0], "weight": "weight"},
        ("input", "weight", "bias"),
    ),
    "max_pool2d_backward": Gradient("max_pool2d", {"grad_output": INCOMING[0]} | _POOLING),
    "lstm_mps_backward": Gradient("lstm", dict(zip(("grad_y", "grad_hy", "grad_cy"), INCOMING)) | _RECURRENT),
}
WITHIN = {  # called by mps inside the op that stands beside it
    "_mps_convolution": "convolution",
    "_mps_convolution_transpose": "convolution",
    "mps_convolution_backward": "convolution_backward",
    "mps_convolution_transpose_backward": "convolution_backward",
    "_lstm_mps": "lstm",
}
