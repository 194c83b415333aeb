"""What the kernels ask at each call of an op: does a fault fire, and what does it make of the result?

Nothing here chooses faults: `faults` does, when a person asks for them.
"""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace

from torch.utils._pytree import tree_leaves

from mpscheck.bugs.trigger import Call, Trigger

Imitation = Callable[[Call, Callable], object]


class BrokenFault(RuntimeError):
    """The effect of a fault cannot be computed; the message says which fault, and on what call."""


@dataclass(frozen=True)
class Fault:
    """When (`triggers`, alternatives) and how (`imitate(call, run)` gives the wrong result) the device misbehaves."""

    slug: str
    triggers: tuple[Trigger, ...]
    imitate: Imitation


ACTIVE: dict[str, list[Fault]] = {}  # by op name
COUNTS: dict[str, int] = {}  # how often each fault fired, by slug
_state = threading.local()


def computed(call: Call, run: Callable):
    """The result of a call on the device: healthy (`run(call.args)`), or as the first active fault that fires says."""
    faults = () if getattr(_state, "off", False) else ACTIVE.get(call.op, ())
    for one in faults:
        if call.form == "functional" and call.result is None and any(t.needs_result() for t in one.triggers):
            call = replace(call, result=run(call.args))
        if any(t.matches(call) for t in one.triggers):
            COUNTS[one.slug] = COUNTS.get(one.slug, 0) + 1
            with off():
                return wrong_result(one, call, run)
    return run(call.args) if call.result is None else call.result


def wrong_result(one: Fault, call: Call, run: Callable):
    """What a fault makes of a call; where the call writes, it is there that the wrong values must stand.

    Raises BrokenFault where the effect itself, a function that anybody wrote, goes wrong. What it raises on purpose, to
    imitate a device that refuses (RuntimeError, NotImplementedError), passes through.
    """
    try:
        wrong = one.imitate(call, run)
        if wrong is not None and call.writes:
            _write(wrong, call.destination)
    except (LookupError, TypeError, AttributeError, NameError, ValueError, ArithmeticError) as error:
        said = f"{type(error).__name__}: {error}"
        raise BrokenFault(
            f"the effect of fault {one.slug!r} failed on aten::{call.op} ({call.form}): {said}; "
            f"the call has {', '.join(call.args)}"
        ) from error
    if call.writes:
        return call.destination[0] if len(call.destination) == 1 else call.destination
    if wrong is None:
        raise BrokenFault(f"the effect of fault {one.slug!r} returned nothing for aten::{call.op}")
    return wrong


def _write(wrong, destination: tuple) -> None:
    """Write each wrong result to its destination, but for one that the effect has written there itself."""
    for target, values in zip(destination, tree_leaves(wrong), strict=True):
        if values is not target:
            if not target.numel():  # an empty `out=` grows to its result
                target.resize_(values.shape)
            target.copy_(values)


@contextmanager
def off():
    """No faults on this thread: for the tensor work of an imitation itself."""
    before, _state.off = getattr(_state, "off", False), True
    try:
        yield
    finally:
        _state.off = before
