"""The first line of the docstring is the claim, the rest explains it."""

import ast
import re
from collections.abc import Iterator

from mpscheck.bugs.catalogue import Bug
from mpscheck.lint.syntax import tree

NAME = "docstring"
DESCRIPTION = "the first line is one sentence that names the call in backticks; an explanation follows"

LONGEST = 110  # it heads a page and stands in tables


def check(bug: Bug) -> Iterator[str]:
    if not bug.claim.endswith("."):
        yield f"the first line ends in {bug.claim[-1:]!r}: it is the claim, one sentence on one line, with a period"
    if not re.search(r"`[^`]+`", bug.claim):
        yield "the first line names no call in backticks: say which, as in `F.linear` reads …"
    if len(bug.claim) > LONGEST:
        yield f"the first line has {len(bug.claim)} characters: at most {LONGEST}; move details to the explanation"
    if not bug.explanation:
        yield "there is no explanation: say below the first line what goes wrong, who meets it and how it was cured"
    elif ast.get_docstring(tree(bug.source)).splitlines()[1].strip():
        yield "the second line is not empty: the claim fits on the first line, a blank line follows"
