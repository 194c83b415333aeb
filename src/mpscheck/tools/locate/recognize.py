"""Which known bug explains a wrong call: conditions held against it, and against the same call with plain layouts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

import torch

from mpscheck.bugs.aten import base_name
from mpscheck.bugs.recorder import call_of, calls
from mpscheck.bugs.trigger import Call, Trigger
from mpscheck.runs.macos import macos_version, said
from mpscheck.tools.known import Known
from mpscheck.tools.locate.lockstep import Finding, LockStep
from mpscheck.tools.locate.replay import Case, Twins, computed, mapped

STATES = ("affected", "unknown", "not affected")
GIVES_NUMBERS = ("wrong", "nan", "nondeterministic")  # kinds of bugs that a wrong number may come from


@dataclass(frozen=True)
class Recognized:
    """The known bugs that may be behind a finding, the likeliest first.

    `fits`: their condition holds of this call, and nothing speaks against them. `unlikely`: it holds, but what the call
    gives with plain layouts speaks against them. `unknown`: bugs of this op of which no condition is known.
    """

    fits: tuple[Known, ...] = ()
    unlikely: tuple[Known, ...] = ()
    unknown: tuple[Known, ...] = ()


def recognized(finding: Finding, known: Iterable[Known], steps: LockStep) -> Recognized:
    """The bugs that may be behind a finding. A bug that crashes or fills the memory is not behind a wrong number."""
    known = [bug for bug in known if bug.kind in GIVES_NUMBERS]
    made = seen_of(finding, steps, as_it_is)
    plain_wrong = wrong_if_plain(finding, steps)
    plain = [] if plain_wrong is None else seen_of(finding, steps, plainly)
    fits, unlikely = {}, []
    for bug in known:
        matching = [trigger for trigger in bug.triggers if any(could_match(trigger, call) for call in made)]
        if not matching:
            continue
        likely = [one for one in matching if follows(bug, one, plain, plain_wrong)]
        if likely:
            fits[bug] = min(rank(bug, trigger) for trigger in likely)
        else:
            unlikely.append(bug)
    names = {base_name(case.op) for case in (finding.case, finding.outer)}
    unknown = [bug for bug in known if not bug.triggers and names.intersection(bug.ops)]
    return Recognized(
        tuple(sorted(fits, key=fits.__getitem__)),
        tuple(sorted(unlikely, key=lambda bug: (is_elsewhere(bug), state_here(bug)))),
        tuple(sorted(unknown, key=lambda bug: (is_elsewhere(bug), state_here(bug)))),
    )


def rank(bug: Known, trigger: Trigger) -> tuple:
    """What comes first: bugs of such a machine with a condition, tried ones, affected versions, the closest condition.

    What is asked of earlier calls one call cannot show: without that it is closer.
    """
    asked = [condition for condition in trigger.when if not condition.earlier]
    open_ones = len(trigger.when) > len(asked)
    return is_elsewhere(bug) or not asked, bug.draft, state_here(bug), open_ones, -len(asked), bug.slug


def state_here(bug: Known) -> int:
    """The place in STATES of what is known of a bug on this torch and macOS."""
    return STATES.index(bug.state(torch.__version__, macos_version()))


def is_elsewhere(bug: Known) -> bool:
    """Whether sources tie a bug to chips, or to versions of macOS, that are not known to be those of this machine."""
    return not bug.of_machine(chip_name(), macos_version())


@cache
def chip_name() -> str | None:
    """The chip as macOS names it, "Apple M1 Pro" or "Apple M1 (Virtual)"; None elsewhere."""
    return said("sysctl", "-n", "machdep.cpu.brand_string") if macos_version() else None


def follows(bug: Known, trigger: Trigger, plain: list[Call], plain_wrong: bool | None) -> bool:
    """Whether the fault stays or goes with plain layouts as the condition says.

    One call that is right says nothing against a bug that shows now and then.
    """
    if plain_wrong is None or (not plain_wrong and bug.kind == "nondeterministic"):
        return True
    return any(could_match(trigger, call) for call in plain) == plain_wrong


def could_match(trigger: Trigger, call: Call) -> bool:
    """Whether the trigger matches the call, if what it asks about earlier ones was so: one call cannot tell."""
    return replace(trigger, when=tuple(c for c in trigger.when if not c.earlier)).matches(call)


# ---- the call as triggers see it ----------------------------------------------------------------------------------


def as_it_is(case: Case) -> Case:
    """The case itself."""
    return case


def plainly(case: Case) -> Case:
    """The case with each tensor contiguous, in memory of its own, from its start."""
    copies = iter([t.clone(memory_format=torch.contiguous_format) for t in case.tensors])
    args, kwargs = mapped(lambda v: next(copies) if isinstance(v, torch.Tensor) else v, (case.args, case.kwargs))
    incoming = case.incoming and tuple(
        g if g is None else g.clone(memory_format=torch.contiguous_format) for g in case.incoming
    )
    return replace(case, args=args, kwargs=kwargs, incoming=incoming)


def wrong_if_plain(finding: Finding, steps: LockStep) -> bool | None:
    """Whether the call is wrong with plain layouts too; None if they are plain already, or that cannot be tried."""
    case = finding.outer if finding.gradient else finding.case
    tensors = [*case.tensors, *(g for g in case.incoming or () if g is not None)]
    if all(t.is_contiguous() and not t.storage_offset() for t in tensors):
        return None
    plain = plainly(case)
    try:
        cpu = computed(plain, Twins(lambda flat: flat.clone()))
        return steps.worst(plain, cpu, computed(plain, Twins(steps.moved), steps.to_device)) is not None
    except Exception:  # whatever a device raises for what it cannot do
        return None


def seen_of(finding: Finding, steps: LockStep, change) -> list[Call]:
    """The calls behind a finding as triggers see them on the device: of a gradient, those of its backward pass there."""
    if finding.gradient:
        made = calls_backward(change(finding.outer), steps)
        of_kernel = [call for call in made if call.op == finding.op]
        return of_kernel or made
    cases = [finding.case] if finding.case is finding.outer else [finding.case, finding.outer]
    return [call for case in cases for call in calls_on(change(case), steps)]


def calls_backward(case: Case, steps: LockStep) -> list[Call]:
    """What the backward pass of a gradient calls on the device."""
    made: list[Call] = []
    computed(case, Twins(steps.moved), steps.to_device, backward=calls(kind_of_device(steps), made.append))
    return made


def calls_on(case: Case, steps: LockStep) -> list[Call]:
    """A call with its arguments as they are before it, and with its result: the device's, and the right one there.

    What a trigger asks of a result it may ask of either: of the layout that the device gives it, of the right numbers.
    """

    def there(value):
        return mapped(steps.to_device, Twins(steps.moved).of(value, case.staying_ids))

    results = []
    for make in (lambda: case.op(*there(case.args), **there(case.kwargs)), lambda: there(right_result(case))):
        with contextlib.suppress(Exception):  # now and then, as it is with what is faulty
            results.append(make())
    args, kwargs = there((case.args, case.kwargs))
    return [call_of(case.op, args, kwargs, result, kind_of_device(steps)) for result in results or [None]]


def right_result(case: Case):
    """What the CPU gives, of copies of the arguments."""
    args, kwargs = Twins(lambda flat: flat.clone()).of((case.args, case.kwargs))
    return case.op(*args, **kwargs)


def kind_of_device(steps: LockStep) -> str:
    """The type of the device: `mps` of `mps:0`."""
    return steps.device.partition(":")[0]
