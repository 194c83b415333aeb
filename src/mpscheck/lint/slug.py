"""The slug is the bug's name, everywhere and for ever; of a snippet it is the file's name."""

import re
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug

NAME = "slug"
DESCRIPTION = "the slug, which is a snippet's file name, is in kebab case"

LONGEST = 50


def check(bug: Bug) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", bug.slug) or len(bug.slug) > LONGEST:
        yield (
            f"it is called {bug.slug}: expected words in small letters joined by hyphens, at most {LONGEST} characters: "
            "the op first, as in linear-noncontiguous-weight"
        )
