"""What a check works on: the model and its copy on the device, and the three answers that are compared."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import torch

from mpscheck.tools.copies import changed
from mpscheck.tools.models import CouldNotCheck, explain
from mpscheck.tools.validate.calls import call_of, tokens_of
from mpscheck.tools.validate.compare import compare
from mpscheck.tools.validate.modes import Float64, SameDraws, Shaken

SHAKES = 4  # how often the CPU computes with other roundings before a device that differs is called wrong
DRAWS = "random draws were made on the CPU, once for both; those of the device are not checked"


@dataclass
class Run:
    """What a check works on: a model (or a function) on the CPU, its copy on the device, batches of inputs for both."""

    cpu: object
    other: object
    device: str
    batches: list
    tokenizer: object
    lines: list
    repeat: int = 3  # runs of "same input twice"
    rate: float = 1.0  # the smallest share of wrong runs that was all but surely seen
    longest: int = 0  # tokens of the longest sequence that was compared

    def once(self, function, model, batch, device="cpu", mode=None):
        """Return what `function(model, *inputs)`, a list of tensors, is on one device, in a mode of torch if one is given."""
        shaken = mode.shaken if isinstance(mode, Shaken) else lambda tensor: tensor
        args, named = call_of(changed(batch, lambda t: shaken(t.detach().to(device, copy=True))))
        used = model
        if not isinstance(model, torch.nn.Module):  # it may change what it reads, as a scheduler counts its steps
            used = changed(model, lambda t: t.detach().clone())
        with torch.random.fork_rng(devices=[]), contextlib.ExitStack() as stack:
            torch.default_generator.manual_seed(0)
            start = torch.get_rng_state()
            for one in [SameDraws() if DRAWS in self.lines else None, mode]:
                stack.enter_context(one or contextlib.nullcontext())
            found = function(used, *args, **named)
            drew = device == "cpu" and not torch.equal(torch.get_rng_state(), start)
        if drew and DRAWS in self.lines:
            raise CouldNotCheck("it draws random numbers in a way that cannot be repeated on the device")
        if drew:
            self.lines.append(DRAWS)
            return self.once(function, model, batch, device, mode)
        return found

    def three(self, function, batch):
        """Return what `function(model, *inputs)`, a list of tensors, is on the device, the CPU, the CPU in float64."""
        try:
            exact = self.once(function, self.cpu, batch, mode=Float64())  # first: it takes the most memory
            cpu = self.once(function, self.cpu, batch)
        except Exception as error:  # then it is not the device's fault
            raise CouldNotCheck(f"no reference from the CPU: {explain(error)}") from error
        got = self.once(function, self.other, batch, self.device)
        with contextlib.suppress(CouldNotCheck):
            self.longest = max(self.longest, tokens_of(batch).shape[1])
        return got, cpu, exact

    def compare(self, function, batches=None):
        """Compare each tensor of `function(model, *inputs)`, for the first of the batches if none are given."""
        return [found for batch in batches or self.batches[:1] for found in self.judge(function, batch)]

    def judge(self, function, batch):
        """What `compare` gives of each tensor. Where one differs, the CPU is asked again, with other roundings."""
        got, cpu, exact = self.three(function, batch)
        nothing = 0.0
        if isinstance(cpu, tuple):  # outputs and their gradients, which are zero or not beside each other
            largest = max((value.abs().max().item() for value in exact[1] if value.numel()), default=0.0)
            nothing = largest * torch.finfo(cpu[1][0].dtype).eps
        if len(flat(got)) != len(flat(cpu)):
            return [("disagrees", None, f"{len(flat(got))} outputs, on the CPU {len(flat(cpu))}")]
        least = [0.0] * len(flat(cpu)) if not nothing else [0.0] * len(cpu[0]) + [nothing] * len(cpu[1])
        sides = list(map(flat, (got, cpu, exact)))
        found = [compare(*values, (), small) for *values, small in zip(*sides, least)]
        if any(verdict == "disagrees" for verdict, _, _ in found):
            shaken = zip(*(flat(self.once(function, self.cpu, batch, mode=Shaken(n))) for n in range(SHAKES)))
            found = list(map(compare, *sides, shaken, least))
        if len(found) > 1:
            found = [(*one[:2], f"{one[2]}, in {n} of {len(found)}") for n, one in enumerate(found, 1)]
        return found


def flat(found):
    """The tensors of what a check computes, those of two lists in one."""
    return [*found[0], *found[1]] if isinstance(found, tuple) else found


def copy_to(model, device, dtype=None):
    """Copy a model of the CPU to the device tensor by tensor; the order of strides and shared weights are kept.

    Tensors that are neither weights nor buffers of it stay on the CPU, as with `model.to(device)`; those of a function go.
    """
    move = lambda t: t.detach().to(device, dtype if t.is_floating_point() else None, copy=True)  # noqa: E731
    if not isinstance(model, torch.nn.Module):
        return changed(model, move)
    own = {id(t) for t in (*model.parameters(), *model.buffers())}
    copied = changed(model, lambda t: move(t) if id(t) in own else t.detach())
    with contextlib.redirect_stdout(None):  # TransformerLens notes device and dtype elsewhere too, and prints that
        return copied.to(device) if dtype is None else copied.to(dtype)
