"""Would this call meet a known bug? One call of an op, held against the triggers of the catalogue."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from mpscheck.bugs.aten import base_name
from mpscheck.bugs.mps_names import GRADIENTS
from mpscheck.bugs.properties import records_gradient, tensors_in_argument
from mpscheck.bugs.recorder import call_of
from mpscheck.bugs.trigger import Call, Earlier, Trigger, phase_now, tensors_of
from mpscheck.tools.known import Known

DEVICE_DOUBT = "possible: depends on which device holds an argument, which a run on the CPU cannot show"
CALL_DOUBT = "possible: every call of this op matches, and something outside the call decides"
MEMORY_DOUBT = (
    "possible: depends on what was in memory before, since an argument comes from torch.empty() and was not written"
)
DRAFT_DOUBT = "possible: when this bug fires is drafted from its thread, no snippet has tried it"


ALLOCATING = ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided")


@dataclass(frozen=True)
class Match:
    """A bug whose trigger matches a call."""

    bug: Known
    doubt: str | None  # why it is only possible; None: the call has all that the bug needs
    device: str  # where it ran: "cpu" or an accelerator
    op: str
    arguments: str  # those that the trigger asks about, in words


@dataclass(frozen=True)
class Watch:
    """One trigger of one bug, as it is asked here: where devices are not known, without what it says of them."""

    bug: Known
    trigger: Trigger
    asked: Trigger
    held: tuple[str, ...]  # the arguments of which it says the device, where that is not known


def watch(bug: Known, trigger: Trigger, devices_known: bool) -> Watch:
    """Made once for each trigger and each of both cases."""
    if devices_known:
        return Watch(bug, trigger, trigger, ())
    held = [name for c in trigger.when if "device" in c.properties for name in c.subjects]
    return Watch(bug, trigger, trigger.without("device"), tuple(dict.fromkeys(held)))


@dataclass(frozen=True)
class Plan:
    """What to do with the calls of one op: the bugs to think of, and whether the result must be known first."""

    watched: dict[bool, list[Watch]]  # by whether devices are known
    late: bool
    gradients: tuple[str, ...] = ()  # kernels for its gradient that mps alone has, and triggers ask for
    moves: bool = False  # whether it would be a copy between devices if there were two
    allocates: bool = False  # whether it gives memory that nobody has written


@dataclass
class Seen:
    """What is known of all calls that look like one: what they match whatever was before, and what else they may match.

    `later` is asked anew where `count`, that of the calls before that matter to it, is another; `open` at each call.
    """

    settled: tuple[Match, ...] = ()
    later: tuple[Watch, ...] = ()
    open: tuple[Watch, ...] = ()
    count: int = -1
    known: tuple[Match, ...] = ()  # what is settled, and what `later` said last


class Matcher:
    """The triggers by op, and what was found for the calls so far. `accelerators` are the devices that were used."""

    def __init__(self, bugs: tuple[Known, ...]):
        self.accelerators: set[str] = set()
        self.differentiates = False  # whether some call was made in a backward pass
        self._by_op: dict[str, dict[bool, list[Watch]]] = {}
        for bug in bugs:
            for trigger in bug.triggers:
                for name in trigger.ops:
                    for known, watches in self._by_op.setdefault(name, {False: [], True: []}).items():
                        watches.append(watch(bug, trigger, known))
        self._plans: dict[Any, Plan | None] = {}
        self._seen: dict[tuple, Seen] = {}
        self._earlier = Earlier()
        self._unwritten: dict[int, weakref.ref] = {}  # tensors of which nobody has written the memory, by their ids

    def remember_unwritten(self, tensor: torch.Tensor) -> None:
        """Keep in mind that a tensor holds what was in memory before, until it is written or gone."""
        key = id(tensor)
        self._unwritten[key] = weakref.ref(tensor, lambda _: self._unwritten.pop(key, None))

    def _is_unwritten(self, tensor: Any) -> bool:
        kept = self._unwritten.get(id(tensor))
        return kept is not None and kept() is tensor and not tensor.is_inference() and tensor._version == 0

    @property
    def called(self) -> list[str]:
        """The aten names of all ops seen, in order."""
        return sorted({base_name(op) for op in self._plans})

    def plan(self, op) -> Plan | None:
        """What to do with a call of an op; None: nothing."""
        self.differentiates = self.differentiates or phase_now() != "forward"
        if op not in self._plans:
            self._plans[op] = self._new_plan(op)
        return self._plans[op]

    def _new_plan(self, op) -> Plan | None:
        copies = base_name(op) == "_to_copy"
        watched = self._by_op.get("copy" if copies else base_name(op), {False: [], True: []})
        gradients = tuple(name for name, one in GRADIENTS.items() if one.of == base_name(op) and name in self._by_op)
        moves = base_name(op) == "to" and "copy" in self._by_op
        allocates = base_name(op) in ALLOCATING
        if not (watched[True] or gradients or copies or moves or allocates):  # copies show which devices there are
            return None
        late = copies or any(one.trigger.needs_result() for one in watched[True])
        return Plan(watched, late, gradients, moves, allocates)

    def matches(self, plan: Plan, op, args: tuple, kwargs: dict, result: Any) -> tuple[Match, ...]:
        """The bugs whose triggers match a call; of calls that look alike only what may differ is asked anew.

        Raises what torch raises for tensors without strides or values (sparse, nested, traced).
        """
        key = (op, phase_now(), signature(args), signature(kwargs), signature(result))
        settled = self._settled(key)
        if settled is not None:
            return settled
        kinds = {tensor.device.type for tensor in tensors_in_argument([*args, *kwargs.values(), result])}
        if kinds == {"meta"}:
            return ()
        real = sorted(kinds - {"cpu", "meta"})
        self.accelerators.update(real)
        call = call_of(op, args, kwargs, result, real[0] if real else "mps")
        return self._told(key, plan.watched[bool(real)], call, real)

    def _settled(self, key: tuple) -> tuple[Match, ...] | None:
        """What calls that look like this match, where nothing has to be asked anew."""
        seen = self._seen.get(key)
        return seen.known if seen is not None and not seen.open and self._kept(seen) == seen.count else None

    def _told(self, key: tuple, watched: list[Watch], call: Call, real: list[str]) -> tuple[Match, ...]:
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = self._looked_at(watched, call, real)
        count = self._kept(seen)
        if count != seen.count:
            seen.count, later = count, self._held_against(seen.later, call, real)
            seen.known = _one_a_bug((*seen.settled, *later))
        return _one_a_bug((*seen.known, *self._held_against(seen.open, call, real)))

    def condition_not_known(self, bugs: tuple[Known, ...]) -> list[tuple[Known, list[str]]]:
        """The bugs of which nobody knows when they fire, each with those of its ops that were called."""
        called = set(self.called)
        asked = [bug for bug in bugs if not bug.triggers and (self.differentiates or bug.family != "autograd")]
        return [(bug, sorted(called.intersection(bug.ops))) for bug in asked if called.intersection(bug.ops)]

    def _kept(self, seen: Seen) -> int:
        return self._earlier.count(one.asked for one in seen.later)

    def gradient_matches(self, call: Call) -> tuple[Match, ...]:
        """The bugs whose triggers match a call that mps would make for a gradient."""
        return _one_a_bug(self._held_against(self._by_op[call.op][False], call, []))

    def copy_matches(self, call: Call) -> tuple[Match, ...]:
        """The bugs whose triggers match a copy that would be made with two devices: those that name one of them."""
        key = ("a copy elsewhere", signature(call.args))
        settled = self._settled(key)
        if settled is not None:
            return settled
        return self._told(key, [one for one in self._by_op[call.op][False] if one.held], call, [])

    def _looked_at(self, watched: list[Watch], call: Call, real: list[str]) -> Seen:
        settled, later, opened = [], [], []
        for one in watched:
            if one.asked.looks is one.asked:
                settled.append(one)
            elif one.asked.earlier_terms and not one.asked.reads:  # it must see each call that may be an earlier one
                later.append(one)
            elif one.asked.earlier_terms or one.asked.looks.matches(call):
                opened.append(one)
        return Seen(tuple(self._held_against(settled, call, real)), tuple(later), tuple(opened))

    def _held_against(self, watched: Iterable[Watch], call: Call, real: list[str]) -> Iterator[Match]:
        for one in watched:
            fires = decide(one, call, self._earlier)
            doubt = doubt_of(one.bug, one.trigger, fires)
            if fires is not None and one.asked.reads and self._unwritten and self._may_fire(one.asked, call):
                fires, doubt = None, MEMORY_DOUBT
            if fires is not False:
                yield Match(one.bug, doubt, real[0] if real else "cpu", call.op, described(one.trigger, call))

    def _may_fire(self, asked: Trigger, call: Call) -> bool:
        """Whether values in memory that nobody has written decide: what stands there by chance is no answer."""
        when = [c for c in asked.when if not (c.reads and any(map(self._is_unwritten, tensors_of(c.subject, call))))]
        return len(when) < len(asked.when) and replace(asked, when=tuple(when)).matches(call)


def _one_a_bug(matches: Iterable[Match]) -> tuple[Match, ...]:
    """One match of each bug, the certain one if there is one."""
    found: dict[str, Match] = {}
    for match in matches:
        if match.bug.slug not in found or match.doubt is None:
            found[match.bug.slug] = match
    return tuple(found.values())


def decide(watch: Watch, call: Call, earlier: Earlier) -> bool | None:
    """Whether the bug fires on the call: True, False, or None where only a device decides that is not known here."""
    fires = earlier.matches(watch.asked, call)
    if not watch.held:
        return fires
    return None if fires and all(tensors_of(subject, call) for subject in watch.held) else False


def doubt_of(bug: Known, trigger: Trigger, fires: bool | None) -> str | None:
    """Why a match is only possible, None if it is certain."""
    if fires is None:
        return DEVICE_DOUBT
    if bug.draft:
        return DRAFT_DOUBT
    return None if trigger.when or trigger.form or trigger.phase else CALL_DOUBT


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
