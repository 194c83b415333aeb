"""One bug has one file. A note, no error: two bugs of one thread can have the same trigger."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug

NAME = "twin"
DESCRIPTION = "a note, no error: another snippet has the same thread and the same trigger"


def check(bug: Bug) -> Iterator[str]:
    for slug, issue, trigger in _claims(bug.check.path.parent):
        if slug != bug.slug and (issue, trigger) == (bug.issue, bug.triggers):
            yield f"{slug} has the same issue {issue} and the same trigger: is it the same bug?"


@lru_cache
def _claims(folder: Path) -> list[tuple]:
    """(slug, issue, triggers) of each snippet in a folder that can be read."""
    claims = []
    for path in sorted(folder.glob("*.py")):
        try:
            other = catalogue.read(path)
        except ValueError:  # reported when that file is linted
            continue
        claims.append((other.slug, other.issue, other.triggers))
    return claims
