"""Making the emulated device sick: a fault is a trigger (when) and an effect (how wrong).

`MPSCHECK_FAULTS=<slug>[,<slug>…]` takes them from the snippets; `MPSCHECK_FAULTS=path/to/file.py` from a file that
anybody wrote, which defines `FAULTS`, a list of `fault(...)`:

    from mpscheck.emulation.faults import fault

    def half_everything(call, run):
        return run(call.args) * 0.5

    FAULTS = [
        fault("my-linear", op=["linear"], when=["weight.layout != contiguous"], effect="ignores-strides(weight)"),
        fault("halved", op=["softmax"], effect=half_everything),
    ]
"""

import runpy
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from torch.utils._pytree import tree_leaves

from mpscheck import effect as effects_data
from mpscheck import trigger as triggers_data
from mpscheck.effect import Effect
from mpscheck.emulation.effects import IMITATIONS
from mpscheck.trigger import BadTrigger, Call, Trigger

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


def fault(
    slug: str, op: list[str], effect: str | Imitation, when: list[str] | None = None, form: str | None = None
) -> Fault:
    """A fault in words (`effect="ignores-strides(weight)"`) or with an effect of your own, a function.

    The function gets the `Call` and `run`, which computes the right result from a dict of arguments; it returns the
    wrong one. Raises BadTrigger or BadEffect where the words are not in the vocabulary, or no op has such arguments.
    """
    table = {"op": op, "when": when or []} | ({"form": form} if form else {})
    triggers = triggers_data.parse([table])
    targets = () if callable(effect) else effects_data.parse(effect).arguments
    wrong = triggers_data.check_names(triggers, targets)
    if wrong:  # a misspelt name would be a fault that never fires
        raise BadTrigger(f"fault {slug!r}: {wrong[0]}")
    return Fault(slug, triggers, imitation(effect))


def imitation(effect: str | Effect | Imitation) -> Imitation:
    """The function that imitates an effect given in words; one that is a function already is its own."""
    if callable(effect):
        return effect
    words = effects_data.parse(str(effect))
    return lambda call, run: IMITATIONS[words.word](call, run, words.target, words.value)


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


@contextmanager
def only(*faults: Fault):
    """These faults and no others, for the length of a block (tests, the detection matrix)."""
    before = {op: list(list_) for op, list_ in ACTIVE.items()}
    ACTIVE.clear()
    COUNTS.clear()
    try:
        for one in faults:
            _install(one)
        yield
    finally:
        ACTIVE.clear()
        ACTIVE.update(before)


def activate(names: str) -> None:
    """Make the device sick with the faults of a comma-separated list of slugs and files; says so on stderr.

    Raises SystemExit with one sentence for a slug or file that does not exist.
    """
    chosen = [found for name in names.split(",") if name for found in load(name.strip())]
    for one in chosen:
        _install(one)
    print(f"emu: this device is SICK ON PURPOSE: {', '.join(f.slug for f in chosen)}", file=sys.stderr)


def load(name: str) -> list[Fault]:
    """The faults that a slug or a path to a Python file names."""
    if name.endswith(".py"):
        return _of_file(name)
    from mpscheck.catalogue import UnknownBug, find

    try:
        bug = find(name)
    except UnknownBug as error:
        raise SystemExit(f"MPSCHECK_FAULTS: {error}") from None
    return [of_bug(bug)]


def _of_file(name: str) -> list[Fault]:
    if not Path(name).is_file():
        raise SystemExit(f"MPSCHECK_FAULTS: there is no file {name}")
    try:
        found = runpy.run_path(name).get("FAULTS")
    except Exception as error:  # whatever a file that anybody wrote raises
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == name]
        where = f"{name}, line {lines[-1]}" if lines else name
        raise SystemExit(f"MPSCHECK_FAULTS: {where}: {type(error).__name__}: {error}") from None
    if not isinstance(found, list) or not all(isinstance(f, Fault) for f in found):
        raise SystemExit(f"MPSCHECK_FAULTS: {name} must define FAULTS, a list of mpscheck.emulation.faults.fault(…)")
    return found


def of_bug(bug) -> Fault:
    """The fault that a snippet's trigger and effect describe."""
    return Fault(bug.slug, bug.triggers, imitation(bug.effect))


def _install(one: Fault) -> None:
    from mpscheck.emulation.dispatch import hook

    for op in {op for trigger in one.triggers for op in trigger.ops}:
        hook(op)
        ACTIVE.setdefault(op, []).append(one)
