"""Which snippets a costly test runs, so that it costs what changed and not what there is."""

from collections.abc import Callable, Hashable

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import MAIN_BLOCK, Bug
from mpscheck.commands import controls
from mpscheck.runs import emulated, made_of


def published() -> dict[str, dict]:
    """What `mpscheck controls` published of the snippets that are still as they were then: the rows by slug."""
    found = {}
    stored = emulated.read(controls.KIND)
    for bug in catalogue.with_check():
        made, now = stored.get(bug.slug, {}).get("made_of", {}), made_of.of_check(bug)
        if all(made.get(part) == now[part] for part in ("check", "fault")):
            found[bug.slug] = stored[bug.slug]["row"]
    return found


def one_of_each(kind: Callable[[Bug], Hashable], bugs: tuple[Bug, ...]) -> list[Bug]:
    """Of these one of each kind, and each that is new or was changed since its controls were published."""
    slugs, kept = set({kind(bug): bug.slug for bug in bugs}.values()), published()
    return [bug for bug in bugs if bug.slug in slugs or bug.slug not in kept]


def main_block(bug: Bug) -> str:
    """The lines at the end of a snippet, which the linter writes: a few texts for all."""
    return bug.check.source[bug.check.source.index(MAIN_BLOCK) :]
