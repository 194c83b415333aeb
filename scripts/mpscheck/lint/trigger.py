"""Trigger and effect name ops and arguments that torch has."""

from collections.abc import Iterator

from mpscheck import trigger as triggers
from mpscheck.catalogue import Bug

NAME = "trigger"
DESCRIPTION = "the ops, arguments and the effect's target exist in torch's own aten schemas"


def check(bug: Bug) -> Iterator[str]:
    for error in triggers.check_names(bug.triggers):
        yield f"trigger: {error}; op is the aten name that is called, arguments are named as in its schema"
    for argument in _effect_arguments(bug):
        for error in triggers.check_names([_about(one, argument) for one in bug.triggers]):
            if "no argument" in error:
                yield f"effect {bug.effect}: {error}; the target is an argument of each op of the trigger, or result"


def _effect_arguments(bug: Bug) -> list[str]:
    """The argument that the effect is about, if any: `weight` of `wraps(weight.size.0, 65536)`."""
    return [] if bug.effect.word == "random" else [bug.effect.target.partition(".")[0]]


def _about(one: triggers.Trigger, argument: str) -> triggers.Trigger:
    """The same ops with one condition about this argument, so that `check_names` looks it up."""
    return triggers.Trigger(one.ops, (triggers.Condition(argument, "ndim", None, ">=", "0"),))
