"""Whether a run's machine was fit, and so which of its records have a verdict: read from its canaries. Pure.

Every verdict on a record of a run goes through `verdict`; `numerics` knows one record and not the machine. For Python 3.9
and the standard library alone, since the job that repeats the report asks it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mpscheck.runs import canaries, numerics

if TYPE_CHECKING:
    from mpscheck.bugs.bug import Bug


@dataclass(frozen=True)
class Hindrance:
    """Why a record has no verdict: a word of `numerics.HINDERED`, and the reason."""

    word: str
    reason: str


@dataclass(frozen=True)
class Fitness:
    """What the canaries of a run say: why it is unfit, and the ops whose known-good calls failed, each with the reason."""

    unfit: str | None = None
    failing: tuple[tuple[frozenset[str], str], ...] = ()

    @property
    def said(self) -> list[str]:
        """What is not well with the machine, one sentence each; empty if all is."""
        return [*([self.unfit] if self.unfit else []), *(reason for _, reason in self.failing)]

    def hindrance(self, bug: Bug | None) -> Hindrance | None:
        """What keeps the records of a bug's check from having a verdict; of a check that is not known, any failing op."""
        if self.unfit:
            return Hindrance("unfit", self.unfit)
        for ops, reason in self.failing:
            if bug is None or ops & ops_of(bug):
                return Hindrance(numerics.NOT_SEPARABLE, reason)
        return None


FIT = Fitness()


def fitness(run: dict) -> Fitness:
    """What the canaries of a run say. Without those of the machine at both ends a run on mps is unfit: nobody looked."""
    broken, failing = {}, {}
    for canary in run["canaries"]:
        name, reason = canary["name"], failure(canary)
        ops = frozenset(_stands_for(name))
        lacking = ops and canary["attempt"]["outcome"] == "unsupported"  # as it is for the check, which says so itself
        if reason and not lacking:
            (failing if ops else broken).setdefault(name, (ops, reason))  # the first time speaks
    return Fitness(next((reason for _, reason in broken.values()), None) or _not_checked(run), tuple(failing.values()))


def _stands_for(name: str) -> tuple[str, ...]:
    """The ops that a canary stands for; none for one of the machine, and for one that is not known here."""
    return canaries.TABLE[name].stands_for if name in canaries.TABLE else ()


def failure(canary: dict) -> str | None:
    """How a canary failed and when, in one sentence; None if it agreed."""
    how, name, after = how_failed(canary["attempt"]), canary["name"], canary["after"]
    if how is None:
        return None
    said = f"{name} ({canaries.TABLE[name].said})" if name in canaries.TABLE else name
    when = f"after {after} record{'s' * (after != 1)}" if after else "before the first record"
    return f"a call that is known to be right failed {when}: {said}: {how}"


def how_failed(attempt: dict) -> str | None:
    """What an attempt at a canary gave in place of the right numbers; None if it agreed."""
    found = numerics.verdict_of_attempt(attempt, "compute")
    if found == "agrees":
        return None
    return f"{found}: {attempt['reason']}" if "reason" in attempt else found


def _not_checked(run: dict) -> str | None:
    """Why it is not known whether the machine was fit; None where it is, and on devices that are made in software."""
    if run["provenance"]["device"].split(":")[0] != "mps":
        return None
    for end, after in {"before its first record": 0, "after its last record": len(run["records"])}.items():
        made = {canary["name"] for canary in run["canaries"] if canary["after"] == after}
        if any(canary.name not in made for canary in canaries.MACHINE):
            return f"nobody looked whether the machine was fit {end}"
    return None


def ops_of(bug: Bug) -> frozenset[str]:
    """What the check of a bug calls: the ops of its trigger, and what its code names."""
    return frozenset(op for trigger in bug.triggers for op in trigger.ops) | (bug.check.called if bug.check else set())


def verdict(fit: Fitness, bug: Bug | None, record: dict, function: str = "compute") -> str:
    """The verdict of a record on one of its functions, or what kept it from having one.

    `bug` is None for a snippet that is not in the catalogue.
    """
    if hindrance := fit.hindrance(bug):
        return hindrance.word
    if bug is not None and function == "compute":
        return numerics.finding(record, bug.kind)
    return numerics.verdict(record, function)
