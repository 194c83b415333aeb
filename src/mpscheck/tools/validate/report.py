"""From the checks to one verdict, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mpscheck.tools.models import CouldNotCheck, explain, need_device
from mpscheck.tools.validate.checks import CHECKS, QUICK
from mpscheck.tools.validate.run import Run, copy_to

WORST_FIRST = ("disagrees", "could not check", "agrees")


def validate(model, inputs, device="mps", tokenizer=None, name="the model", quick=False):
    """Compare a model on the CPU with its copy on the device.

    `model` is on the CPU, and put into eval mode. `inputs`: what to call it with, a tensor or a tuple of tensors (the
    first dimension is the batch), or a list of those. `tokenizer`: one of transformers, for the IOI prompts. Returns a
    Report. Raises CouldNotCheck if there is no such device or the model is not on the CPU.
    """
    need_device(device)
    weights = [*model.parameters(), *model.buffers()]
    if any(t.device.type != "cpu" for t in weights):
        raise CouldNotCheck("the model is not on the CPU: load it there, it is copied to the device here")
    batches = [b if isinstance(b, tuple) else (b,) for b in (inputs if isinstance(inputs, list) else [inputs])]
    run = Run(model.eval(), copy_to(model, device), device, batches, tokenizer, [])
    left_out = set(CHECKS) - set(QUICK) if quick else ()
    checks = [Check(n, "not checked", None, "left out by quick") if n in left_out else outcome(run, n) for n in CHECKS]
    verdict = next((v for v in WORST_FIRST if v in [c.verdict for c in checks]), "could not check")
    margin = max((c.margin for c in checks if c.margin is not None), default=None)
    dtype = str(weights[0].dtype)[6:] if weights else "no weights"
    size = f"{sum(b[0].numel() for b in batches)} " + ("numbers" if batches[0][0].is_floating_point() else "tokens")
    subject = f"{name}, {dtype}, {size}, {device} against the CPU, torch {torch.__version__}"
    return Report(verdict, subject, margin, tuple(checks), tuple(run.lines))


@torch.no_grad()
def outcome(run, name):
    """Do one check: its Check, with the verdict and figures of the worst that it compared."""

    def badness(found):
        verdict, margin, _ = found
        return -WORST_FIRST.index(verdict), float("inf") if margin is None else margin

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

    def __str__(self):
        ran = ", ".join(c.name for c in self.checks if c.verdict in ("agrees", "disagrees")) or "nothing"
        wrong = ", ".join(c.name for c in self.checks if c.verdict == "disagrees")
        rest = [f"{c.name} ({c.text})" for c in self.checks if "not" in c.verdict]
        rest = "; ".join([*rest, "sampling", "training", "other inputs and models"])
        subject = f"{self.subject}. Wrong: {wrong}" if wrong else self.subject
        return f"{self.verdict.upper()}: {subject}. Checked: {ran}. Not checked: {rest}."
