"""What changed: what a run found otherwise than the run before it on the runner of the same name, and contradictions. Pure.

The run before is the newest earlier one with the same torch; where there is none, that with the newest older torch. So a
patch release is held against the one that it mends, though a newer minor came before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.known import said as sources
from mpscheck.known import setups
from mpscheck.known.answer import DISAGREEMENT, Answer
from mpscheck.known.entry import Entry
from mpscheck.known.expected import OF_OUTCOME
from mpscheck.known.measured import WRONG, Index, Measurement, of_runs
from mpscheck.known.setups import Setup

NEWLY_WRONG, NEWLY_RIGHT = "newly wrong", "newly right"


@dataclass(frozen=True)
class Change:
    """One bug that was measured otherwise than before."""

    bug: Bug
    before: Measurement
    now: Measurement

    @property
    def kind(self) -> str:
        """NEWLY_WRONG or NEWLY_RIGHT."""
        return NEWLY_WRONG if self.now.outcome == WRONG else NEWLY_RIGHT

    @property
    def setup(self) -> Setup:
        """Where it was measured now."""
        return setups.key(self.bug, setups.of_run(self.now.provenance))

    @property
    def said(self) -> str:
        """What sources say of it there: affected, not affected, unknown."""
        return sources.said(self.bug, self.setup).state

    @property
    def is_news(self) -> bool:
        """True if no source says already what the run found."""
        return self.said != OF_OUTCOME[self.now.outcome]


@dataclass(frozen=True)
class Together:
    """The same change of one bug on one torch, on each runner that saw it, the newest run first."""

    changes: tuple[Change, ...]

    @property
    def first(self) -> Change:
        """That of the newest run."""
        return self.changes[0]

    @property
    def bug(self) -> Bug:
        """The bug."""
        return self.first.bug

    @property
    def kind(self) -> str:
        """NEWLY_WRONG or NEWLY_RIGHT."""
        return self.first.kind

    @property
    def torch(self) -> str:
        """The release on which it is otherwise than before."""
        return self.first.setup.torch

    @property
    def since(self) -> str:
        """The day on which the first run saw it."""
        return min(one.now.day for one in self.changes)

    @property
    def where(self) -> tuple[Setup, ...]:
        """The set-ups."""
        return tuple(dict.fromkeys(one.setup for one in self.changes))

    @property
    def is_news(self) -> bool:
        """True if it is on one of the set-ups."""
        return any(one.is_news for one in self.changes)


@dataclass(frozen=True)
class Contradiction:
    """Runs say one thing of a bug on a torch and a source the other: on each set-up where it is so."""

    bug: Bug
    found: tuple[tuple[Setup, Answer], ...]

    @property
    def newest(self) -> Answer:
        """That of the newest run."""
        return max((one for _, one in self.found), key=lambda one: one.date)

    @property
    def torch(self) -> str:
        """The release."""
        return self.found[0][0].torch

    @property
    def proposed(self) -> str:
        """What runs say: affected, not affected."""
        return self.newest.proposed

    @property
    def date(self) -> str:
        """The day of the newest run."""
        return self.newest.date

    @property
    def where(self) -> tuple[Setup, ...]:
        """The set-ups."""
        return tuple(setup for setup, _ in self.found)


@dataclass(frozen=True)
class Disagreement:
    """Runs say opposite things of a bug on one set-up, those of others among them."""

    bug: Bug
    setup: Setup
    answer: Answer

    @property
    def date(self) -> str:
        """The day of the newest run."""
        return self.answer.date

    def of(self, outcome: str) -> list[Measurement]:
        """The runs that found this, newest first."""
        return [m for m in self.answer.rests_on if m.outcome == outcome]


def of_bug(bug: Bug, index: Index) -> list[Change]:
    """All changes of one bug, the newest run first. Only runs that a job of ours brought, and code that is the same now."""
    by_runner: dict[str, list[Measurement]] = {}
    for m in of_runs(m for m in index.of(bug.slug) if m.current and m.verified and m.outcome in OF_OUTCOME):
        if m.provenance["runner"]:
            by_runner.setdefault(m.provenance["runner"], []).append(m)
    found = []
    for newest_first in by_runner.values():
        for place, now in enumerate(newest_first):
            before = _before(now, newest_first[place + 1 :])
            if before is not None and before.outcome != now.outcome:
                found.append(Change(bug, before, now))
    return sorted(found, key=lambda one: (one.now.provenance["date"], one.now.run), reverse=True)


def _before(now: Measurement, earlier: list[Measurement]) -> Measurement | None:
    """The run that this one is held against; `earlier` are those before it, the newest first."""
    torch = _torch(now)
    older = [m for m in earlier if _torch(m) <= torch]
    return max(older, key=_torch, default=None)  # of several the first, which is the newest


def _torch(m: Measurement) -> Version:
    return Version(setups.release_of(m.provenance["torch"]))


def changes_of(entries: Iterable[Entry]) -> list[Together]:
    """All changes, the same on several runners as one, that of the newest run first."""
    groups: dict[tuple, list[Change]] = {}
    for entry in entries:
        for one in of_bug(entry.bug, entry.index):
            groups.setdefault((one.bug.slug, one.kind, one.setup.torch), []).append(one)
    found = [Together(tuple(members)) for members in groups.values()]
    return sorted(found, key=lambda one: (one.first.now.provenance["date"], one.bug.slug), reverse=True)


def contradictions(entries: Iterable[Entry]) -> list[Contradiction]:
    """All contradictions, the same on several machines as one, the newest first."""
    groups: dict[tuple, list[tuple[Setup, Answer]]] = {}
    bugs: dict[str, Bug] = {}
    for entry in entries:
        for setup, one in entry.contradictions:
            bugs[entry.slug] = entry.bug
            groups.setdefault((entry.slug, setup.torch, one.proposed), []).append((setup, one))
    found = [Contradiction(bugs[slug], tuple(members)) for (slug, *_), members in groups.items()]
    return sorted(found, key=lambda one: (one.date, one.bug.slug, one.torch), reverse=True)


def disagreements(entries: Iterable[Entry]) -> list[Disagreement]:
    """All set-ups on which runs disagree, the newest first."""
    found = [
        Disagreement(entry.bug, setup, one)
        for entry in entries
        for setup, one in entry.measured_on
        if one.state == DISAGREEMENT
    ]
    return sorted(found, key=lambda one: (one.date, one.bug.slug, str(one.setup)), reverse=True)
