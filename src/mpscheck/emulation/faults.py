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
import traceback
from contextlib import contextmanager
from pathlib import Path

from mpscheck.bugs import effect as effects_data
from mpscheck.bugs import trigger as triggers_data
from mpscheck.bugs.effect import Effect
from mpscheck.bugs.trigger import BadTrigger
from mpscheck.emulation.dispatch import hook
from mpscheck.emulation.effects import IMITATIONS
from mpscheck.emulation.firing import ACTIVE, COUNTS, Fault, Imitation


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


@contextmanager
def only(*faults: Fault):
    """These faults and no others, for the length of a block (tests, the detection table)."""
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
    return Fault(bug.slug, bug.triggers, imitation(bug.effect))


def _install(one: Fault) -> None:
    for op in {op for trigger in one.triggers for op in trigger.ops}:
        hook(op)
        ACTIVE.setdefault(op, []).append(one)
