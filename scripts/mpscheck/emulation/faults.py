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
from dataclasses import dataclass
from pathlib import Path

import torch

from mpscheck import effect as effects_data
from mpscheck import trigger as triggers_data
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


def fault(slug: str, op: list[str], effect: str | Imitation, when: list[str] | None = None, form: str | None = None):
    """A fault in words (`effect="ignores-strides(weight)"`) or with an effect of your own, a function.

    The function gets the `Call` and `run`, which computes the right result from a dict of arguments; it returns the
    wrong one. Raises BadTrigger or BadEffect where the words are not in the vocabulary, or no op has such arguments.
    """
    table = {"op": op, "when": when or []} | ({"form": form} if form else {})
    triggers = triggers_data.parse([table])
    words = None if callable(effect) else effects_data.parse(effect)
    wrong = triggers_data.check_names(triggers, [words.argument] if words and words.argument else ())
    if wrong:  # a misspelt name would be a fault that never fires
        raise BadTrigger(f"fault {slug!r}: {wrong[0]}")
    return Fault(slug, triggers, imitation(effect) if words else effect)


def imitation(text: str) -> Imitation:
    """The function that imitates an effect given in words."""
    from mpscheck.emulation.effects import IMITATIONS

    effect = effects_data.parse(text)
    return lambda call, run: IMITATIONS[effect.word](call, run, effect.target, effect.value)


def call(op: str, form: str, args: dict, run: Callable):
    """Compute `op` on the device: healthy (`run(args)`), or as the first active fault that fires says."""
    candidates = ACTIVE.get(op)
    if not candidates or getattr(_state, "off", False):
        return run(args)
    for candidate in candidates:
        result = None
        if form == "functional" and any(t.needs_result() for t in candidate.triggers):
            result = run(args)
        this = Call(op, args, form, result, accelerator="emu")
        if any(t.matches(this) for t in candidate.triggers):
            COUNTS[candidate.slug] = COUNTS.get(candidate.slug, 0) + 1
            with off():
                return wrong_result(candidate, this, run)
        if result is not None:
            return result
    return run(args)


def wrong_result(one: Fault, call: Call, run: Callable):
    """What a fault makes of a call; where the call writes, it is there that the wrong values must stand.

    Raises BrokenFault where the effect itself, a function that anybody wrote, goes wrong. What it raises on purpose, to
    imitate a device that refuses (RuntimeError, NotImplementedError), passes through.
    """
    try:
        wrong = one.imitate(call, run)
    except (LookupError, TypeError, AttributeError, NameError, ValueError, ArithmeticError) as error:
        said = f"{type(error).__name__}: {error}"
        raise BrokenFault(
            f"the effect of fault {one.slug!r} failed on aten::{call.op} ({call.form}): {said}; "
            f"the call has {', '.join(call.args)}"
        ) from error
    target = call.args.get({"inplace": "self", "out": "out"}.get(call.form))
    if not isinstance(target, torch.Tensor):
        if wrong is None:
            raise BrokenFault(f"the effect of fault {one.slug!r} returned nothing for aten::{call.op}")
        return wrong
    return target.copy_(wrong) if isinstance(wrong, torch.Tensor) and wrong is not target else target


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
        if not Path(name).is_file():
            raise SystemExit(f"MPSCHECK_FAULTS: there is no file {name}")
        try:
            found = runpy.run_path(name).get("FAULTS")
        except Exception as error:  # whatever a file that anybody wrote raises
            lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == name]
            where = f"{name}, line {lines[-1]}" if lines else name
            raise SystemExit(f"MPSCHECK_FAULTS: {where}: {type(error).__name__}: {error}") from None
        if not isinstance(found, list) or not all(isinstance(f, Fault) for f in found):
            raise SystemExit(
                f"MPSCHECK_FAULTS: {name} must define FAULTS, a list of mpscheck.emulation.faults.fault(…)"
            )
        return found
    from mpscheck.catalogue import UnknownBug, find

    try:
        bug = find(name)
    except UnknownBug as error:
        raise SystemExit(f"MPSCHECK_FAULTS: {error}") from None
    return [of_bug(bug)]


def of_bug(bug) -> Fault:
    """The fault that a snippet's trigger and effect describe."""
    return Fault(bug.slug, bug.triggers, imitation(str(bug.effect)))


def _install(one: Fault) -> None:
    from mpscheck.emulation.device import hook

    for op in {op for trigger in one.triggers for op in trigger.ops}:
        hook(op)
        ACTIVE.setdefault(op, []).append(one)
