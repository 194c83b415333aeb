"""A snippet fits on a screen."""

from collections.abc import Iterator

from mpscheck.bugs.bug import Bug
from mpscheck.lint.syntax import main_block_line, own_code

NAME = "length"
DESCRIPTION = "at most 60 lines without docstring, metadata and main block"

LONGEST = 60


def check(bug: Bug) -> Iterator[str]:
    if not own_code(bug):
        return
    first = own_code(bug)[0].lineno
    lines = bug.check.source.splitlines()[first - 1 : (main_block_line(bug) or 0) - 1 or None]
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > LONGEST:
        yield f"{len(lines)} lines of code from line {first}: at most {LONGEST}; what needs more is two claims"
