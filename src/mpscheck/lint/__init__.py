"""The linter of all known bugs (CONTRIBUTING.md): one rule a module.

Each rule has a NAME, a DESCRIPTION and `check(bug)`, which yields problems: what was found, what is expected, how to
mend it. A rule reads; it never executes a snippet. Rules about facts hold for every bug, those about checks for the
bugs that have one; `fields` reads the facts before a bug is made of them, `guards` the rows about libraries. A note is
printed and is no problem.
"""

from collections.abc import Iterator
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.lint import (
    absent,
    claim,
    docstring,
    draws,
    dtypes,
    fields,
    figures,
    functions,
    guards,
    imports,
    layout,
    length,
    local,
    main_block,
    plain,
    python_floor,
    repeats,
    slug,
    statistics,
    threads,
    todo,
    torch_floor,
    trigger,
    twin,
    values,
    versions,
)

OF_FACTS = (slug, claim, values, absent, threads, versions, trigger, figures, local, plain)
OF_CHECKS = (
    todo,
    docstring,
    functions,
    statistics,
    imports,
    draws,
    dtypes,
    repeats,
    layout,
    main_block,
    length,
    python_floor,
    torch_floor,
)
NOTES = (twin,)
RULES = (fields, *OF_FACTS, *OF_CHECKS, *NOTES, guards)


def problems_of_file(path: Path) -> list[tuple[str, str]]:
    """All (rule name, problem) of one snippet file; the name is `readable` where it cannot be read as a snippet."""
    try:
        docstring_text, facts, source = catalogue.parts_of(path)
        wrong_fields = [(fields.NAME, problem) for problem in fields.check(facts, "snippet")]
        if wrong_fields:  # the other rules may count on the types of the fields
            return wrong_fields
        bug = catalogue.of_parts(path, docstring_text, facts, source)
    except catalogue.BadBug as error:
        return [("readable", str(error).removeprefix(f"{path}: "))]
    return list(problems_of(bug))


def problems_of(bug: Bug) -> Iterator[tuple[str, str]]:
    """All (rule name, problem) of a bug whose fields have the right types."""
    for rule in (*OF_FACTS, *OF_CHECKS) if bug.check else OF_FACTS:
        for problem in rule.check(bug):
            yield rule.NAME, problem


def notes_of(bug: Bug) -> Iterator[tuple[str, str]]:
    """What is worth a look at a bug with a check, and no problem."""
    for rule in NOTES:
        for note in rule.check(bug):
            yield rule.NAME, note
