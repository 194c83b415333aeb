"""What libraries do about `mps` was looked up on a real day, stands once and in order, and points at no single machine."""

from collections.abc import Iterator

from mpscheck.bugs.guards import Guard
from mpscheck.lint import local, threads

NAME = "guards"
DESCRIPTION = "guards of libraries were looked up on a real day, are given once, and by library"


def check(found: tuple[Guard, ...]) -> Iterator[str]:
    """What is wrong with the rows of the file."""
    for number, one in enumerate(found, 1):
        where = f"line {number}, {one.library}"
        if not threads.is_day(one.looked_up):
            yield f'{where}: looked_up {one.looked_up!r} is no day: expected one, such as "2026-12-01"'
        if one in found[: number - 1]:
            yield f"{where} stands twice: leave it out"
        if number > 1 and one.library.lower() < found[number - 2].library.lower():
            yield f"{where} comes after {found[number - 2].library}: sort by library"
        for problem in local.points(" ".join(str(value) for value in vars(one).values())):
            yield f"{where}: {problem}"
