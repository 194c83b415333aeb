"""A draft says where it is one."""

from collections.abc import Iterator

from mpscheck.bugs.bug import Bug

NAME = "todo"
DESCRIPTION = "no line says TODO, as the lines of a draft by `mpscheck new` do"


def check(bug: Bug) -> Iterator[str]:
    for number, line in enumerate(bug.check.source.splitlines(), 1):
        if "TODO" in line:
            yield f"line {number}: {line.partition('TODO')[2].strip(' :') or 'something'} is left to do"
