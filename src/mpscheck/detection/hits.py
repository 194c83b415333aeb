"""Which faults would fire in a program: its calls on the device are held against all of them at once, and none fires.

Until its first wrong result a sick device is a healthy one. So a fault that would never fire on the healthy device never
does, and whatever the program finds is what it finds there.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from mpscheck.bugs.trigger import Call, Condition, Earlier, Trigger
from mpscheck.emulation.faults import Fault, only


class Watch:
    """Stands where the triggers of a fault stand: it counts the calls of its ops, and those on which it would fire."""

    earlier_terms = ()  # it keeps the earlier calls itself

    def __init__(self, triggers: tuple[Trigger, ...]):
        self.ops = tuple(dict.fromkeys(op for trigger in triggers for op in trigger.ops))
        self.when = tuple(condition for trigger in triggers for condition in trigger.when)
        self.called = self.fired = 0
        self._earlier = Earlier()
        self._seen: dict[Trigger, bool] = dict.fromkeys(triggers, False)  # whether one of its ops was called
        self._unseen = {trigger: parts(trigger) for trigger in triggers}

    def matches(self, call: Call) -> bool:
        """False, so that nothing fires."""
        self.called += 1
        self.fired += any([self._earlier.matches(trigger, call) for trigger in self._unseen])  # each must see each call
        for trigger in () if self.fired else self._unseen:
            self._seen[trigger] |= call.op in trigger.ops
            self._unseen[trigger] = [part for part in self._unseen[trigger] if not part.matches(call)]
        return False

    def lacking(self) -> dict | None:
        """What no call had that the nearest of the triggers needs, as the table of a trigger; None where one had all."""
        near = [trigger for trigger, called in self._seen.items() if called]
        if self.fired or not near:
            return None
        trigger = min(near, key=lambda one: len(self._unseen[one]))
        unseen = self._unseen[trigger]
        if not unseen:  # each for itself, never all at once
            return trigger.table
        if not unseen[0].when:
            return unseen[0].table
        wanted = [part.when[-1] for part in unseen]
        return replace(trigger, when=tuple([c for c in wanted if not c.reads] or wanted)).table


def parts(trigger: Trigger) -> list[Trigger]:
    """Of what a trigger asks of one call each thing alone: form and phase; then each condition. Values are read last."""
    plain = tuple(condition for condition in trigger.when if not condition.earlier and not condition.reads)

    def alone(condition: Condition) -> Trigger:
        return replace(trigger, when=(*plain, condition) if condition.reads else (condition,))

    return [replace(trigger, when=()), *(alone(c) for c in trigger.when if not c.earlier)]


@contextmanager
def watching(faults: Iterable[Fault]) -> Iterator[dict[str, Watch]]:
    """Within the block the device is healthy, and these faults are held against each call; gives what is seen, by fault."""
    found = {one.slug: Watch(one.triggers) for one in faults}
    with only(*(replace(one, triggers=(found[one.slug],), keeps=None) for one in faults)):
        yield found
