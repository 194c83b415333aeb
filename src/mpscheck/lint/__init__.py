"""The linter of the snippets' contract (CONTRIBUTING.md): one rule a module.

Each rule has a NAME, a DESCRIPTION and `check(bug)`, which yields problems: what was found, what is expected, how to
mend it. A rule reads; it never executes a snippet.
"""

from collections.abc import Iterator
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.lint import (
    docstring,
    draws,
    fields,
    functions,
    imports,
    layout,
    length,
    local,
    main_block,
    python_floor,
    slug,
    statistics,
    threads,
    torch_floor,
    trigger,
    values,
    versions,
)

RULES = (
    fields,
    docstring,
    values,
    threads,
    versions,
    trigger,
    functions,
    statistics,
    imports,
    draws,
    layout,
    main_block,
    length,
    python_floor,
    torch_floor,
    slug,
    local,
)


def problems_of_file(path: Path) -> list[tuple[str, str]]:
    """All (rule name, problem) of one snippet file; the name is `readable` where it cannot be read as a snippet."""
    try:
        bug = catalogue.read(path)
    except ValueError as error:  # BadSnippet, or bytes that are not UTF-8
        return [("readable", str(error).removeprefix(f"{path}: "))]
    wrong_fields = [(fields.NAME, problem) for problem in fields.check(bug)]
    if wrong_fields:  # the other rules may count on the types of the fields
        return wrong_fields
    return list(problems_of(bug))


def problems_of(bug: catalogue.Bug) -> Iterator[tuple[str, str]]:
    """All (rule name, problem) of a bug whose fields have the right types."""
    for rule in RULES:
        for problem in rule.check(bug):
            yield rule.NAME, problem
