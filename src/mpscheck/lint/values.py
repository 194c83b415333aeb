"""A check is of a kind that a run can judge, and what the kind says is not said again."""

from collections.abc import Iterator

from mpscheck.bugs.bug import LOUD_KINDS, Bug
from mpscheck.runs.numerics import SICK

NAME = "values"
DESCRIPTION = "the kind of a snippet is one that a run can judge; silent is stated only where the kind does not say it"


def check(bug: Bug) -> Iterator[str]:
    if bug.check and bug.kind not in SICK:  # `run` and `controls` would call the sick device "not as expected"
        yield (
            f"kind = {bug.kind!r}: a run cannot judge such a bug yet, only {', '.join(SICK)}; "
            "list it in catalogue/reported.jsonl"
        )
    if bug.facts.get("silent") is (bug.kind not in LOUD_KINDS):
        yield f"silent = {bug.silent}: a bug of kind {bug.kind!r} is that; leave it out"
