"""What is not known is said to be not known."""

from collections.abc import Iterator

from mpscheck.bugs.bug import Bug

NAME = "absent"
DESCRIPTION = "affected, trigger and effect are there, or `absent` says why not"


def check(bug: Bug) -> Iterator[str]:
    for name in ("affected", "trigger", "effect"):
        if name not in bug.facts and name not in bug.absent:
            yield f'there is no {name}: add it, or the reason why it is not known: absent = {{"{name}": "…"}}'
        if name in bug.facts and name in bug.absent:
            yield f"absent says why there is no {name}, but there is one: take one of them out"
