"""The file name is the bug's name, everywhere and for ever."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.bugs.catalogue import Bug

NAME = "slug"
DESCRIPTION = "the file name is in kebab case, and no other snippet makes the same claim about the same thread"

LONGEST = 50


def check(bug: Bug) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", bug.slug) or len(bug.slug) > LONGEST:
        yield (
            f"the file is called {bug.path.name}: expected words in small letters joined by hyphens, at most {LONGEST} "
            "characters: the op first, as in linear-noncontiguous-weight.py"
        )
    for slug, issue, trigger in _claims(bug.path.parent):
        if slug != bug.slug and (issue, trigger) == (bug.issue, bug.triggers):
            yield f"{slug} has the same issue {issue} and the same trigger: one bug has one snippet"


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
