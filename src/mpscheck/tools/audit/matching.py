"""Would this call meet a known bug? One call of an op, held against the triggers of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch

from mpscheck.bugs.aten import base_name
from mpscheck.bugs.mps_names import GRADIENTS
from mpscheck.bugs.properties import records_gradient, tensors_in_argument
from mpscheck.bugs.recorder import call_of
from mpscheck.bugs.trigger import Call, Earlier, Trigger, tensors_of
from mpscheck.tools.known import Known

DEVICE_DOUBT = "possible: depends on which device holds an argument, which a run on the CPU cannot show"
CALL_DOUBT = "possible: every call of this op matches, and something outside the call decides"
DRAFT_DOUBT = "possible: when this bug fires is drafted from its thread, no snippet has tried it"


@dataclass(frozen=True)
class Match:
    """A bug whose trigger matches a call."""

    bug: Known
    doubt: str | None  # why it is only possible; None: the call has all that the bug needs
    device: str  # where it ran: "cpu" or an accelerator
    op: str
    arguments: str  # those that the trigger asks about, in words


@dataclass(frozen=True)
class Plan:
    """What to do with the calls of one op: the bugs to think of, and whether the result must be known first."""

    watched: tuple[tuple[Known, Trigger], ...]
    late: bool
    each: bool  # two calls that look alike may differ, so that each must be judged
    gradients: tuple[str, ...] = ()  # kernels for its gradient that mps alone has, and triggers ask for


class Matcher:
    """The triggers by op, and what was found for the calls so far. `accelerators` are the devices that were used."""

    def __init__(self, bugs: tuple[Known, ...]):
        self.accelerators: set[str] = set()
        self._by_op: dict[str, list[tuple[Known, Trigger]]] = {}
        for bug in bugs:
            for trigger in bug.triggers:
                for name in trigger.ops:
                    self._by_op.setdefault(name, []).append((bug, trigger))
        self._plans: dict[Any, Plan | None] = {}
        self._judged: dict[tuple, tuple[Match, ...]] = {}
        self._earlier = Earlier()

    @property
    def called(self) -> list[str]:
        """The aten names of all ops seen, in order."""
        return sorted({base_name(op) for op in self._plans})

    def plan(self, op) -> Plan | None:
        """What to do with the calls of an op; None: nothing."""
        if op not in self._plans:
            self._plans[op] = self._new_plan(op)
        return self._plans[op]

    def _new_plan(self, op) -> Plan | None:
        copies = base_name(op) == "_to_copy"
        watched = self._by_op.get("copy" if copies else base_name(op), [])
        gradients = tuple(name for name, one in GRADIENTS.items() if one.of == base_name(op) and name in self._by_op)
        if not watched and not gradients and not copies:  # copies show which devices there are
            return None
        late = copies or any(trigger.needs_result() for _, trigger in watched)
        each = any(trigger.needs_more_than_looks() for _, trigger in watched)
        return Plan(tuple(watched), late, each, gradients)

    def matches(self, plan: Plan, op, args: tuple, kwargs: dict, result: Any) -> tuple[Match, ...]:
        """The bugs whose triggers match a call; like calls are judged once, unless a trigger needs more than looks.

        Raises what torch raises for tensors without strides or values (sparse, nested, traced).
        """
        if plan.each:
            return self._new_matches(plan, op, args, kwargs, result)
        key = (op, signature(args), signature(kwargs), signature(result))
        if key not in self._judged:
            self._judged[key] = self._new_matches(plan, op, args, kwargs, result)
        return self._judged[key]

    def _new_matches(self, plan: Plan, op, args: tuple, kwargs: dict, result: Any) -> tuple[Match, ...]:
        kinds = {tensor.device.type for tensor in tensors_in_argument([*args, *kwargs.values(), result])}
        if kinds == {"meta"}:
            return ()
        real = sorted(kinds - {"cpu", "meta"})
        self.accelerators.update(real)
        return self._held_against(plan.watched, call_of(op, args, kwargs, result, real[0] if real else "mps"), real)

    def gradient_matches(self, call: Call) -> tuple[Match, ...]:
        """The bugs whose triggers match a call that mps would make for a gradient."""
        return self._held_against(self._by_op[call.op], call, [])

    def _held_against(self, watched: Iterable[tuple[Known, Trigger]], call: Call, real: list[str]) -> tuple[Match, ...]:
        found: dict[str, Match] = {}
        for bug, trigger in watched:
            fires = decide(trigger, call, bool(real), self._earlier)
            doubt = doubt_of(bug, trigger, fires)
            if fires is not False and (bug.slug not in found or doubt is None):
                where = real[0] if real else "cpu"
                found[bug.slug] = Match(bug, doubt, where, call.op, described(trigger, call))
        return tuple(found.values())


def decide(trigger: Trigger, call: Call, devices_known: bool, earlier: Earlier) -> bool | None:
    """Whether the bug fires on the call: True, False, or None where only a device decides that is not known here."""
    devices = tuple(condition for condition in trigger.when if "device" in condition.properties)
    if devices_known or not devices:
        return earlier.matches(trigger, call)
    rest = replace(trigger, when=tuple(condition for condition in trigger.when if condition not in devices))
    given = all(tensors_of(subject, call) for condition in devices for subject in condition.subjects)
    return None if earlier.matches(rest, call) and given else False


def doubt_of(bug: Known, trigger: Trigger, fires: bool | None) -> str | None:
    """Why a match is only possible, None if it is certain."""
    if fires is None:
        return DEVICE_DOUBT
    if bug.draft:
        return DRAFT_DOUBT
    return None if trigger.when else CALL_DOUBT


def signature(value: Any) -> Any:
    """All of a call's arguments that a trigger may ask for, but for the values of tensors. Hashable."""
    if isinstance(value, torch.Tensor):
        strides = (value.stride(), value.storage_offset())
        return (value.dtype, value.shape, strides, value.device, value.is_conj(), records_gradient(value))
    if isinstance(value, (list, tuple)):
        return tuple([signature(item) for item in value])
    if isinstance(value, dict):
        return tuple([(name, signature(item)) for name, item in value.items()])
    return (value.__class__, value if isinstance(value, (int, float, str)) else repr(value))


def described(trigger: Trigger, call: Call) -> str:
    """The arguments that the trigger asks about, in words: for one that stands for several, the first of them."""
    subjects = list(dict.fromkeys(subject for c in trigger.when for subject in c.subjects))
    return "; ".join(f"{subject}: {_in_words(_first(subject, call))}" for subject in subjects)


def _first(subject: str, call: Call) -> Any:
    """The first tensor that a subject stands for; what has none as it is."""
    tensors = tensors_of(subject, call)
    return tensors[0] if tensors else call.args.get(subject)


def _in_words(t: Any) -> str:
    if not isinstance(t, torch.Tensor):
        return "not given" if t is None else str(t)
    strides, offset = tuple(t.stride()), t.storage_offset()
    words = f"{str(t.dtype).rpartition('.')[2]} {tuple(t.shape)}, strides {strides}"
    return words + (f", offset {offset}" if offset else "")
