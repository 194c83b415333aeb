"""Faults that nobody wrote: made of the words of triggers and effects, for the ops that a model really calls.

A fault is an op x a condition x an effect x a size x a rate. `Calls` records what a model calls on the device; of all that
can be said of these calls, `kinds` lists what would fire, and `draw` takes some by chance, each op once before one twice.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch
from torch.utils import _pytree as pytree

from mpscheck.bugs import aten, trigger
from mpscheck.bugs.properties import tensors_in_argument
from mpscheck.bugs.recorder import calls
from mpscheck.bugs.trigger import Call, Trigger
from mpscheck.detection import DEVICE
from mpscheck.emulation.dispatch import hook
from mpscheck.emulation.effects import may_be_absent
from mpscheck.emulation.faults import Fault, fault
from mpscheck.runs.rule import ALLOWED_RATIO

ONE = ALLOWED_RATIO * torch.finfo(torch.float32).eps  # what one result, rounded once, may be off by, of its size
SIZES = tuple(10**power for power in range(7))  # of an error, in multiples of ONE
RATES = (1, 10, 100, 1000)  # wrong in 1 of so many calls
SIZES_AT_RATES = (100, 10_000)
GRADED = ("scales", "noise")  # effects that have a size
CONDITIONS = (  # of a tensor among the arguments
    "{}.layout != contiguous",
    "{}.offset > 0",
    "{}.dtype == float16",
    "{}.numel > 4096",
    "{}.size.-1 not-multiple-of 16",
    "{}.size.-2 not-multiple-of 16",
)
WHOLE_RESULT = (  # effects on the result that have no size
    ("rounds", "float16"),
    ("rounds", "bfloat16"),
    ("unwritten", None),
    ("unwritten", "last 1"),
    ("unwritten", "tail 64"),
    ("stale", None),
)
OF_AN_ARGUMENT = {
    "ignores-strides": "{}.layout != contiguous",
    "ignores-offset": "{}.offset > 0",
    "drops": "{}.given == true",
}


@dataclass(frozen=True, order=True)
class Kind:
    """A fault but for its size and rate: an effect, `word(target, value)`, on an op under a condition, in a pass."""

    op: str
    when: str  # a condition; empty: always
    phase: str  # `backward`; empty: any
    word: str
    target: str = "result"
    value: str = ""

    @property
    def graded(self) -> bool:
        """Whether it has a size."""
        return self.word in GRADED

    def trigger(self) -> Trigger:
        """When it fires."""
        table = {"op": [self.op], "when": [self.when] if self.when else [], "form": None, "phase": self.phase or None}
        return trigger.parse([table])[0]

    def effect(self, size: int = 0, every: int = 1) -> str:
        """How it is wrong, in words."""
        value = self.value
        if self.graded:
            value = f"{size * ONE + (self.word == 'scales'):.9g}"
        return f"{self.word}({', '.join(filter(None, [self.target, value]))})" + f" in 1 of {every} calls" * (every > 1)

    def fault(self, size: int = 0, every: int = 1, before: int = 0) -> Fault:
        """The fault, as if `before` calls on which it could have fired had been made, fewer than `every`."""
        when = [self.when] if self.when else []
        made = fault(self.words(size, every), [self.op], self.effect(size, every), when, phase=self.phase or None)
        for _ in range(before):
            made.imitate(Call(self.op, {}, result=0), None)
        return made

    def words(self, size: int, every: int) -> str:
        """The whole fault in words."""
        rest = [f"where {self.when}"] * bool(self.when) + [f"in the {self.phase} pass"] * bool(self.phase)
        return " ".join([self.effect(size, every), f"on {self.op}", *rest])


class Calls:
    """What was called on the device: how often each op, and on how many of these calls each condition was true."""

    def __init__(self):
        self.ops: Counter = Counter()
        self.true: dict[str, Counter] = {}  # by op: conditions and phases
        self.given: dict[str, set[str]] = {}  # by op: arguments that can be left out and were not

    @contextmanager
    def recording(self) -> Iterator["Calls"]:
        """Within the block, calls count."""
        with calls(DEVICE, self.note):
            yield self

    def note(self, call: Call) -> None:
        """One call, after it was made."""
        tensors = {name: list(tensors_in_argument(value)) for name, value in call.args.items()}
        there = any(t.device.type == DEVICE for ts in tensors.values() for t in ts)
        if not there or not is_kernel(call.op) or not is_fit(call):
            return
        self.ops[call.op] += 1
        true = self.true.setdefault(call.op, Counter())
        true[("", call.phase if call.phase == "backward" else "forward")] += 1
        for name in (name for name, ts in tensors.items() if ts and name not in call.writes):
            if may_be_absent(call.op, name):
                self.given.setdefault(call.op, set()).add(name)
            for condition in CONDITIONS:
                words = condition.format(name)
                true[(words, "")] += parsed(call.op, words).matches(call)

    def kinds(self) -> list[Kind]:
        """All faults that would fire on some of these calls, but for sizes and rates."""
        found = []
        for op, total in sorted(self.ops.items()):
            true = self.true[op]
            some = [
                ("", ""),
                *(key for key, count in sorted(true.items()) if 0 < count < total and key[1] != "forward"),
            ]
            for when, phase in some:
                if "dtype" not in when:  # a size is one of float32
                    found += [Kind(op, when, phase, word) for word in GRADED]
                found += [Kind(op, when, phase, word, value=value or "") for word, value in WHOLE_RESULT]
            for name in {when.partition(".")[0] for when, _ in true if when} | self.given.get(op, set()):
                for word, needs in OF_AN_ARGUMENT.items():
                    if true[(needs.format(name), "")] or (word == "drops" and name in self.given.get(op, ())):
                        found.append(Kind(op, needs.format(name), "", word, name))
        return sorted(found)


@cache
def parsed(op: str, when: str) -> Trigger:
    """A trigger of one condition."""
    return Kind(op, when, "", "noise").trigger()


def is_kernel(op: str) -> bool:
    """Whether the device computes it itself; what consists of other ops is seen as those. A copy between devices is `copy`."""
    if op == "copy":
        hook(op)
        return True
    names = [one.name() for one in aten.overloads(op) if torch._C._dispatch_has_kernel(one.name())]
    return any(torch._C._dispatch_has_kernel_for_dispatch_key(name, "PrivateUse1") for name in names)


def is_fit(call: Call) -> bool:
    """Whether a call gives new floating-point numbers that follow from others: no view, no new memory."""
    if "empty" in call.op:
        return False
    results = [t for t in pytree.tree_leaves(call.result) if isinstance(t, torch.Tensor)]
    arguments = [t for name, value in call.args.items() for t in tensors_in_argument(value)]
    if not any(t.is_floating_point() for t in results) or not any(t.is_floating_point() for t in arguments):
        return False
    old = {t.untyped_storage()._cdata for t in arguments} if not call.writes and call.op != "copy" else set()
    return not any(t.untyped_storage()._cdata in old for t in results)


def draw(kinds: list[Kind], number: int, chance: random.Random) -> list[Kind]:
    """So many of these kinds: each op once before one comes twice, which of its kinds by chance."""
    left: dict[str, list[Kind]] = {}
    for kind in kinds:
        left.setdefault(kind.op, []).append(kind)
    for some in left.values():
        chance.shuffle(some)
    taken: list[Kind] = []
    while len(taken) < number and left:
        ops = sorted(left)
        chance.shuffle(ops)
        taken += [left[op].pop() for op in ops][: number - len(taken)]
        left = {op: some for op, some in left.items() if some}
    return taken
