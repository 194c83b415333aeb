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

import itertools
import runpy
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

from mpscheck.bugs import effect as effects_data
from mpscheck.bugs import trigger as triggers_data
from mpscheck.bugs.effect import Effect
from mpscheck.bugs.trigger import BadTrigger, Trigger
from mpscheck.emulation.dispatch import hook
from mpscheck.emulation.effects import IMITATIONS
from mpscheck.emulation.firing import ACTIVE, COUNTS, Fault, Imitation, forget, healthy


def fault(
    slug: str,
    op: list[str],
    effect: str | Imitation,
    when: list[str] | None = None,
    form: str | None = None,
    phase: str | None = None,
) -> Fault:
    """A fault in words (`effect="ignores-strides(weight)"`) or with an effect of your own, a function.

    The function gets the `Call` and `run`, which computes the right result from a dict of arguments; it returns the
    wrong one. Raises BadTrigger or BadEffect where the words are not in the vocabulary, or no op has such arguments.
    """
    table = {"op": op, "when": when or [], "form": form, "phase": phase}
    triggers = triggers_data.parse([table])
    words = effect if callable(effect) else effects_data.parse(effect)
    wrong = triggers_data.check_names(triggers, () if callable(words) else words.arguments)
    if not wrong and not callable(words):
        wrong = effects_data.check_names(words, triggers)
    if wrong:  # a misspelt name would be a fault that never fires
        raise BadTrigger(f"fault {slug!r}: {wrong[0]}")
    return made(slug, triggers, words)


def made(slug: str, triggers: tuple[Trigger, ...], effect: Effect | Imitation) -> Fault:
    """A fault of triggers that are read already, and an effect in words or a function."""
    if callable(effect):
        return Fault(slug, triggers, effect)
    keeps = effect.target if effect.word == "stale" else None
    return Fault(slug, triggers, imitation(effect), keeps)


def imitation(effect: Effect) -> Imitation:
    """The function that imitates an effect; one that is rare does so at the last of so many calls."""
    calls = itertools.count(1)

    def imitate(call, run):
        if next(calls) % effect.every:
            return healthy(call, run)
        return IMITATIONS[effect.word](call, run, effect.target, effect.value)

    return imitate


@contextmanager
def only(*faults: Fault):
    """These faults and no others, for the length of a block (tests, the detection table)."""
    before = {op: list(list_) for op, list_ in ACTIVE.items()}
    ACTIVE.clear()
    COUNTS.clear()
    forget()
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
    from mpscheck.bugs.catalogue import UnknownBug, find

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
    return made(bug.slug, bug.triggers, bug.effect)


def _install(one: Fault) -> None:
    for op in {op for trigger in one.triggers for op in trigger.ops}:
        hook(op)
        ACTIVE.setdefault(op, []).append(one)
