"""What the kernels ask at each call of an op: does a fault fire, and what does it make of the result?

Nothing here chooses faults: `faults` does, when a person asks for them.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from mmap import PAGESIZE, mmap

import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from mpscheck.bugs.properties import tensors_in_argument
from mpscheck.bugs.trigger import Call, Earlier, Trigger

Imitation = Callable[[Call, Callable], object]


class BrokenFault(RuntimeError):
    """The effect of a fault cannot be computed; the message says which fault, and on what call."""


@dataclass(frozen=True)
class Fault:
    """When (`triggers`, alternatives) and how (`imitate(call, run)` gives the wrong result) the device misbehaves.

    `keeps` is an argument, or `result`, of which the fault needs what the first call with the same shapes had.
    """

    slug: str
    triggers: tuple[Trigger, ...]
    imitate: Imitation
    keeps: str | None = None


ACTIVE: dict[str, list[Fault]] = {}  # by op name
COUNTS: dict[str, int] = {}  # how often each fault fired, by slug
_state = threading.local()
_earlier = Earlier()
_first: dict[tuple, object] = {}  # what faults keep, by the shapes of a call
_memory: list[mmap] = []  # what a fault never gives back


def computed(call: Call, run: Callable):
    """The result of a call on the device: healthy (`run(call.args)`), or as the first active fault that fires says."""
    faults = () if getattr(_state, "off", False) else ACTIVE.get(call.op, ())
    if not faults:
        return healthy(call, run)
    _keep(call, faults)
    fires, judged = None, call
    for one in faults:
        if judged.result is None and any(_asks_for_result(trigger, call) for trigger in one.triggers):
            with off() if call.writes else nullcontext():
                judged = replace(call, result=right_result(call, run))
            call = call if call.writes else judged
        with off():  # reading values is a copy
            matched = any([_earlier.matches(trigger, judged) for trigger in one.triggers])  # each must see each call
        fires = one if matched and fires is None else fires
    if fires is not None:
        COUNTS[fires.slug] = COUNTS.get(fires.slug, 0) + 1
        with off():
            result = wrong_result(fires, call, run)
    else:
        result = healthy(call, run)
    _keep(call, faults, result)
    return result


def _asks_for_result(trigger: Trigger, call: Call) -> bool:
    """Whether a trigger must know the result; where a call writes, its destination tells all but the values."""
    asked = [condition for condition in trigger.when if "result" in condition.subjects]
    return any(condition.reads for condition in asked) if call.writes else bool(asked)


def healthy(call: Call, run: Callable):
    """What a call does without a fault; one whose result is known already is not made again."""
    return run(call.args) if call.result is None else call.result


def right_result(call: Call, run: Callable):
    """The right result; of a call that writes, in memory of its own: the destination stays as it is."""
    if not call.writes:
        return healthy(call, run)
    copies = {name: tree_map_only(torch.Tensor, torch.clone, call.args[name]) for name in call.writes}
    aside = replace(call, args=call.args | copies)
    run(aside.args)
    return aside.destination


def _keep(call: Call, faults: Iterable[Fault], result=None) -> None:
    """Keep what the faults need of the first call with these shapes: arguments before it is computed, then its result."""
    for target in {one.keeps for one in faults if one.keeps and (one.keeps == "result") == (result is not None)}:
        key, value = (target, *_looks(call)), result if target == "result" else call.args.get(target)
        if key not in _first:
            with off():
                _first[key] = tree_map_only(torch.Tensor, torch.clone, value)


def _looks(call: Call) -> tuple:
    shapes = [(tensor.shape, tensor.dtype) for tensor in tensors_in_argument(list(call.args.values()))]
    return call.op, call.form, tuple(shapes)


def first_like(call: Call, target: str):
    """What the first call with the same op, shapes and dtypes had as this argument or `result`; None: this is it."""
    return _first.get((target, *_looks(call)))


def forget() -> None:
    """Begin anew: there was no earlier call."""
    global _earlier
    _earlier = Earlier()
    _first.clear()
    _memory.clear()


def keep_memory(size: int) -> None:
    """So many bytes more that this process holds, as long as the fault is there, and not a moment longer."""
    pages = mmap(-1, size)
    pages[::PAGESIZE] = b"\1" * len(range(0, size, PAGESIZE))  # a page that nobody wrote takes no memory
    _memory.append(pages)


def on_purpose(error: Exception) -> Exception:
    """Mark an exception as what an effect imitates: it reaches the program."""
    error.on_purpose = True
    return error


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
        if getattr(error, "on_purpose", False):
            raise
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
    """Write each wrong result to its destination, but for one that the effect has written into its memory itself."""
    for target, values in zip(destination, tree_leaves(wrong), strict=True):
        if (
            values.untyped_storage()._cdata != target.untyped_storage()._cdata
        ):  # else also written where it should not be
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
