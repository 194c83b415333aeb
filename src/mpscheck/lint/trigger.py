"""Trigger and effect name ops and arguments that torch has, of the kind that they speak of."""

from collections.abc import Iterator

from mpscheck.bugs import effect
from mpscheck.bugs import trigger as triggers
from mpscheck.bugs.bug import Bug

NAME = "trigger"
DESCRIPTION = "the ops, arguments and the effect's target exist in torch's own aten schemas"


def check(bug: Bug) -> Iterator[str]:
    of_trigger = triggers.check_names(bug.triggers)
    for error in of_trigger:
        yield f"trigger: {error}; op is the aten name that is called, arguments are named as in its schema"
    for error in triggers.check_names(bug.triggers, bug.effect.arguments) if bug.effect else ():
        if error not in of_trigger:
            yield f"effect {bug.effect}: {error}; the target is an argument of each op of the trigger, or result"
    for error in effect.check_names(bug.effect, bug.triggers) if bug.effect else ():
        yield f"effect {bug.effect}: {error}"
