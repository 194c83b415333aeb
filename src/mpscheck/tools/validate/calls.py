"""What a model is called with and what it gives, in the forms that people have."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from mpscheck.tools.copies import changed, everything
from mpscheck.tools.models import CouldNotCheck


def call_of(batch):
    """(positional, keyword arguments) of a batch: a tensor, a dict of keywords, or a tuple that may end with one."""
    args = batch if isinstance(batch, tuple) else (batch,)
    return (args[:-1], dict(args[-1])) if args and isinstance(args[-1], Mapping) else (args, {})


def tokens_of(batch):
    """The token ids of a batch, [sequences, length]. Raises CouldNotCheck."""
    args, named = call_of(batch)
    for value in (*args, *named.values()):
        if isinstance(value, torch.Tensor) and value.ndim == 2 and value.dtype in (torch.int64, torch.int32):
            return value
    raise CouldNotCheck("it is not called with token ids")


def resized(batch, length, rows=1):
    """The batch with its first rows alone, repeated or cut to a length; masks and what else is as long goes along."""
    shape = tokens_of(batch).shape
    take = torch.arange(length) % shape[1]
    return changed(batch, lambda t: t[:rows, take] if t.shape[:2] == shape else t)


def numbers(output):
    """All that a model gives, a list of tensors: of a tuple, a dict, a dataclass; single numbers too."""
    found = list(everything(output, (torch.Tensor, bool, int, float, complex)))
    if not found:
        raise CouldNotCheck(f"it gives no numbers but {type(output).__name__}")
    return [torch.as_tensor(value) for value in found]


def first_of(output):
    """The logits, else the first tensor of what a module gives."""
    output = getattr(output, "logits", output)
    return output if isinstance(output, torch.Tensor) else next(everything(output))
