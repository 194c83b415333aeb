"""What others published of a bug has a day, says nothing twice, and does not contradict itself."""

from collections.abc import Iterator

from mpscheck.bugs import figures
from mpscheck.bugs.bug import Bug
from mpscheck.lint import local, threads

NAME = "figures"
DESCRIPTION = "published figures have a real date, are given once, and are no equal values that are called wrong"


def check(bug: Bug) -> Iterator[str]:
    yield from problems(figures.of(bug.slug))


def problems(found: tuple[figures.Figure, ...]) -> Iterator[str]:
    """What is wrong with the rows of one file."""
    for number, one in enumerate(found, 1):
        where = f"figures, line {number}"
        if one.date is not None and not threads.is_day(one.date):
            yield f'{where}: date {one.date!r} is no day: expected one, such as "2025-09-17"'
        if one in found[: number - 1]:
            yield f"{where} stands twice: leave it out"
        if one.quantity == "value" and one.verdict == "wrong" and one.cpu == one.mps:
            yield f"{where}: cpu and mps are both {one.mps!r}, yet the verdict is wrong: read the source again"
        for problem in local.points(" ".join(str(value) for value in vars(one).values())):
            yield f"{where}: {problem}"
