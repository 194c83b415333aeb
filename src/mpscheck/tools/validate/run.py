"""What a check works on: the model and its copy on the device, and the three answers that are compared."""

from __future__ import annotations

import contextlib
import copy
from dataclasses import dataclass

import torch

from mpscheck.tools.models import CouldNotCheck, explain
from mpscheck.tools.validate.compare import compare
from mpscheck.tools.validate.wide import Float64


@dataclass
class Run:
    """What a check works on: a model on the CPU, its copy on the device, inputs (tuples of CPU tensors) for both."""

    cpu: torch.nn.Module
    other: torch.nn.Module
    device: str
    batches: list
    tokenizer: object
    lines: list

    def three(self, function, inputs):
        """Return what `function(model, *inputs)`, a list of tensors, is on the device, the CPU, the CPU in float64."""
        try:
            cpu = function(self.cpu, *inputs)
            with Float64():
                exact = function(self.cpu, *inputs)
        except Exception as error:  # then it is not the device's fault
            raise CouldNotCheck(f"no reference from the CPU: {explain(error)}") from error
        return function(self.other, *(t.to(self.device) for t in inputs)), cpu, exact

    def compare(self, function, batches=None):
        """Compare each tensor of `function(model, *inputs)`, for the first of the batches if none are given."""
        return [found for b in batches or self.batches[:1] for found in map(compare, *self.three(function, b))]


def copy_to(model, device, dtype=None):
    """Copy a model of the CPU to the device tensor by tensor; the order of strides and shared weights are kept."""
    move = lambda t: t.detach().to(device, dtype if t.is_floating_point() else None, copy=True)  # noqa: E731
    attributes = (value for module in model.modules() for value in vars(module).values())
    # deepcopy refuses tensors with a gradient
    moved = {id(t): t.detach() for t in attributes if isinstance(t, torch.Tensor)}
    moved.update({id(b): move(b) for b in model.buffers()})
    moved.update({id(p): torch.nn.Parameter(move(p), p.requires_grad) for p in model.parameters()})
    copied = copy.deepcopy(model, moved)  # deepcopy takes what is in `moved` as copied already
    with contextlib.redirect_stdout(None):  # TransformerLens notes device and dtype elsewhere too, and prints that
        return copied.to(device) if dtype is None else copied.to(dtype)
