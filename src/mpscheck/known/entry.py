"""One known bug as every view shows it, whether it has a check or is known from threads alone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.bugs.encounters import Encounter
from mpscheck.known import answer, evidence, names, releases, said, uses
from mpscheck.known.answer import Answer
from mpscheck.known.measured import NONE, Index
from mpscheck.known.setups import Setup

PLACES = {release.version: place for place, release in enumerate(releases.load())}
SILENT_KINDS = ("wrong", "nan", "nondeterministic")


@dataclass(frozen=True)
class Entry:
    """A bug with what other files know of it. `kinds` are its kinds of evidence, `index` what runs gave of all bugs."""

    bug: Bug
    kinds: tuple[str, ...]
    encounters: tuple[Encounter, ...]
    index: Index = NONE

    @property
    def slug(self) -> str:
        """Name of the bug, and of its page."""
        return self.bug.slug

    @property
    def has_check(self) -> bool:
        """True if there is a snippet that anybody can run."""
        return self.bug.check is not None

    @property
    def silent(self) -> bool:
        """False if an error, a crash, a hang or a warning gives it away."""
        return self.bug.silent

    @property
    def danger(self) -> int | None:
        """Rank among the most dangerous for work on language models."""
        return self.bug.danger

    def on(self, torch: str, macos: str | None = None, virtual: bool | None = None, chip: str | None = None) -> Answer:
        """What is known of it on a set-up; None stands for any."""
        return answer.answer(self.bug, Setup(torch, macos, virtual, chip), self.index)

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """What is known of it on each release of PyTorch, oldest first, whatever the macOS and the GPU."""
        return tuple(self.on(release.version) for release in releases.load())

    def answer_on(self, release: str) -> Answer:
        """The same on one release, also on one that runs alone know."""
        place = PLACES.get(release)
        return self.on(release) if place is None else self.answers[place]

    @property
    def letters(self) -> str:
        """The state on each release, oldest first, one letter each, see `answer.LETTERS`."""
        return "".join(one.letter for one in self.answers)

    @property
    def stretches(self) -> list[tuple[Answer, str, str]]:
        """(answer, first release, last release) for each stretch of releases of which the same is known, newest first."""
        by_version = {release.version: one for release, one in zip(releases.load(), self.answers, strict=True)}
        found = releases.runs({version: (one.state, one.ground) for version, one in by_version.items()})
        return [(by_version[last], first, last) for _, first, last in found][::-1]

    def likely(self, place: int) -> bool:
        """True if it is unknown on the release at this place, and the nearest to affected."""
        return self.answers[place].shade == said.LIKELY

    @cached_property
    def measured_on(self) -> list[tuple[Setup, Answer]]:
        """Each set-up on which it was measured, with what is known there, newest release first."""
        return answer.measured_on(self.bug, self.index)

    @property
    def contradictions(self) -> list[tuple[Setup, Answer]]:
        """The set-ups on which runs contradict what is said, newest release first."""
        return [(setup, one) for setup, one in self.measured_on if one.state == answer.CONTRADICTION]

    @property
    def date(self) -> str:
        """The first day on which a report of it is dated; the day on which it was read where none is."""
        dates = [entry["date"] for entry in self.bug.reported if "date" in entry]
        return min(dates, default=self.bug.stored_date or "")

    @property
    def uses(self) -> tuple[str, ...]:
        """What a reader can run that meets it."""
        return uses.of_bug(self.bug)

    @property
    def order(self) -> tuple:
        """The most dangerous first: ranked ones, then silent ones, then those with a snippet, the newest fix first."""
        return (self.danger or 1000, not self.silent, not self.has_check, *_newest_first(self.bug), self.slug)

    def fixed_in(self, version: str) -> bool:
        """True if a source says that this release is the first with the fix."""
        return self.bug.fixed is not None and self.bug.fixed == Version(version)

    def introduced_in(self, version: str) -> bool:
        """True if a source says that this release is the first with the fault."""
        return self.bug.introduced is not None and Version(self.bug.introduced["version"]) == Version(version)

    @property
    def keywords(self) -> str:
        """What the reader may type for it besides its claim: names of ops, numbers of threads."""
        ops = (name.rpartition(".")[2].rpartition(":")[2] for name in names.of_bug(self.bug))
        return " ".join(dict.fromkeys([*ops, *names.numbers(self.bug)]))


def _newest_first(bug: Bug) -> tuple:
    return (bug.fixed is not None, tuple(-part for part in bug.fixed.release) if bug.fixed else ())


def every_release(known: Iterable["Entry"]) -> list[str]:
    """The releases that our files know, and those that only runs know, newest first; no builds between releases."""
    return releases.and_of_runs(setup.torch for entry in known for setup in entry.index.setups(entry.slug))[::-1]


def entries(bugs: tuple[Bug, ...], met: tuple[Encounter, ...], index: Index, controls: dict) -> list[Entry]:
    """All bugs, the most dangerous first."""
    by_slug: dict[str, list[Encounter]] = {}
    for one in met:
        for slug in one.bugs:
            by_slug.setdefault(slug, []).append(one)
    found = []
    for bug in bugs:
        there = evidence.kinds_of(bug, index, controls)
        kinds = tuple(kind for kind in evidence.KINDS if kind in there)
        found.append(Entry(bug, kinds, tuple(by_slug.get(bug.slug, ())), index))
    return sorted(found, key=lambda entry: entry.order)
