"""What `locate` says of a model on the emulated device: whether it diverges, in which op, and where."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from torch import nn

from mpscheck.bugs.aten import base_name
from mpscheck.detection import DEVICE
from mpscheck.tools.locate.command import locate
from mpscheck.tools.models import explain
from mpscheck.tools.validate.calls import call_of


@dataclass(frozen=True)
class Located:
    """The answer: `agrees`, `diverges` or `could not check`; the op and module found first, or what was said instead."""

    verdict: str
    text: str
    ops: tuple[str, ...] = ()  # what was found first, as triggers name it: the kernel, and the call around it
    refused: dict[str, str] = field(default_factory=dict)  # why an op was not compared

    def names(self, ops: Iterable[str]) -> bool:
        """Whether it is one of these ops that was found."""
        return not set(ops).isdisjoint(self.ops)


def located(model: nn.Module, inputs: object) -> Located:
    """Ask `locate`; the inputs have one of the forms that `validate` takes."""
    args, named = call_of(inputs)
    try:
        report = locate(model, *args, device=DEVICE, known=(), run=lambda program: "not run here", **named)
    except Exception as error:  # what a fault makes of a copy can end it
        return Located("could not check", explain(error))
    refused = {op: why for op, (_, why) in report.refused.items()}
    if not report.findings:
        return Located(report.verdict, report.whole_text, (), refused)
    first = report.findings[0]
    ops = tuple(map(name_of, (first.case.op, first.outer.op)))
    return Located(report.verdict, f"{first.op} in {first.spot.module}", ops, refused)


def name_of(op) -> str:
    """The name of an op as triggers have it."""
    return {"_to_copy": "copy"}.get(base_name(op), base_name(op))
