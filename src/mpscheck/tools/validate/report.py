"""From the checks to one verdict, and what is said of it."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass

import torch

from mpscheck.tools.copies import everything
from mpscheck.tools.models import CouldNotCheck, explain, need_device
from mpscheck.tools.validate.checks import CHECKS, QUICK
from mpscheck.tools.validate.compare import WORST_FIRST, badness
from mpscheck.tools.validate.run import Run, copy_to


def validate(model, inputs, device="mps", tokenizer=None, name="the model", quick=False, repeat=3):
    """Compare a model on the CPU, or any function of tensors, with its copy on the device.

    `model` is put into eval mode. `inputs`: what to call it with, a tensor, a dict of keyword arguments, a tuple of
    arguments, which may end with such a dict, or a list of those, each a call. `tokenizer`: one of transformers, for the
    IOI prompts. `repeat`: how often the same input is run on the device. Returns a Report. Raises CouldNotCheck if there
    is no such device, the model is not on the CPU, or it cannot be copied.
    """
    need_device(device)
    model = unwrapped(model)
    weights = list(everything(model))
    if any(t.device.type != "cpu" for t in weights):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    for module in everything(model, torch.nn.Module):
        module.eval()
    try:
        other = copy_to(model, device)
    except (TypeError, AttributeError) as error:  # such as a lock or an open file among its attributes
        said = explain(error)
        way = "make it float32 first, model.float()" if "float64" in said else "hand over the module in it"
        raise CouldNotCheck(f"it cannot be copied to the device ({said}): {way}") from error
    run = Run(model, other, device, inputs if isinstance(inputs, list) else [inputs], tokenizer, [], repeat)
    left_out = set(CHECKS) - set(QUICK) if quick else ()
    checks = [Check(n, "not checked", None, "left out by quick") if n in left_out else outcome(run, n) for n in CHECKS]
    verdict = next((v for v in WORST_FIRST[:3] if v in [c.verdict for c in checks]), "could not check")
    margin = max((c.margin for c in checks if c.margin is not None), default=None)
    dtype = next((str(t.dtype)[6:] for t in weights if t.is_floating_point()), "no weights")
    shapes = " and ".join(str(tuple(t.shape)) for t in everything(run.batches[0]))
    size = f"longest sequence {run.longest} tokens" if run.longest else f"inputs {shapes}"
    subject = f"{name}, {dtype}, {size}, {device} against the CPU, torch {torch.__version__}"
    rare = f"what goes wrong in fewer than {run.rate:.0%} of runs (--repeat)"
    return Report(verdict, subject, margin, tuple(checks), tuple(run.lines), rare)


def unwrapped(model):
    """A module or a function as it is; of anything else that holds a module, as libraries that trace do, that module."""
    if isinstance(model, (torch.nn.Module, functools.partial)) or inspect.isroutine(model):
        return model
    held = [value for value in vars(model).values() if isinstance(value, torch.nn.Module)]
    for whole in held:
        if set(held) <= set(whole.modules()):
            return whole
    raise CouldNotCheck(f"{type(model).__name__} is no torch.nn.Module and no function: hand over the module in it")


@torch.no_grad()
def outcome(run, name):
    """Do one check: its Check, with the verdict and figures of the worst that it compared."""
    try:
        return Check(name, *max(CHECKS[name](run), key=badness))
    except Exception as error:  # what one check cannot do must not hide what the others find
        verdict = "not checked" if isinstance(error, CouldNotCheck) else "could not check"
        return Check(name, verdict, None, explain(error))


@dataclass(frozen=True)
class Check:
    """One check. `margin` is the device's error / the allowed error; None where no error can be stated."""

    name: str
    verdict: str  # agrees, disagrees, could not check, not checked
    margin: float | None
    text: str


@dataclass(frozen=True)
class Report:
    """What `validate` found: agrees, disagrees or could not check. `margin` is the largest of `checks`."""

    verdict: str
    subject: str  # what was compared, or why nothing was
    margin: float | None = None
    checks: tuple = ()
    lines: tuple = ()  # IOI on each device
    rare: str = "rare faults"

    def __str__(self):
        ran = ", ".join(c.name for c in self.checks if c.verdict in ("agrees", "disagrees")) or "nothing"
        wrong = ", ".join(c.name for c in self.checks if c.verdict == "disagrees")
        rest = [f"{c.name} ({c.text})" for c in self.checks if "not" in c.verdict]
        rest = "; ".join([*rest, self.rare, "sampling", "training", "other inputs and models"])
        first = next((f" ({c.name}: {c.text})" for c in self.checks if c.verdict == "disagrees"), "")
        sees = f"{self.subject}{first}. What it sees: page what-agrees-means/"
        subject = sees + (f". Wrong: {wrong}" if wrong else "")
        return f"{self.verdict.upper()}: {subject}. Checked: {ran}. Not checked: {rest}."
