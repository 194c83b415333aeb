"""The docstring explains the claim, which is its first line."""

import ast
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import tree

NAME = "docstring"
DESCRIPTION = "an explanation follows the claim, after an empty line"


def check(bug: Bug) -> Iterator[str]:
    if not bug.check.explanation:
        yield "there is no explanation: say below the first line what goes wrong, who hits it and how it was fixed"
    elif ast.get_docstring(tree(bug.check.source)).splitlines()[1].strip():
        yield "the second line is not empty: the claim fits on the first line, a blank line follows"
