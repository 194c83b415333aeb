"""One known bug as every view shows it, whether it has a snippet or is known from threads alone. Pure."""

import json
from dataclasses import dataclass
from functools import cached_property

from packaging.version import Version

from mpscheck.bugs.catalogue import Bug
from mpscheck.bugs.reported import Report, Reported
from mpscheck.known import evidence, names, releases, uses
from mpscheck.places import CATALOGUE

SILENT_KINDS = ("wrong", "nan", "nondeterministic")
DANGER = CATALOGUE / "danger.json"  # ranks of the bugs with a snippet; an index-only entry holds its own


@dataclass(frozen=True)
class Entry:
    """A bug with what other files know of it. `kinds` are its kinds of evidence."""

    bug: Bug | Reported
    kinds: tuple[str, ...]
    reports: tuple[Report, ...]
    danger: int | None  # rank among the most dangerous for work on language models

    @property
    def slug(self) -> str:
        """Name of the bug, and of its page."""
        return self.bug.slug

    @property
    def has_check(self) -> bool:
        """True if there is a snippet that anybody can run."""
        return isinstance(self.bug, Bug)

    @property
    def silent(self) -> bool:
        """False if an error, a crash, a hang or a warning gives it away."""
        return self.bug.kind in SILENT_KINDS if isinstance(self.bug, Bug) else self.bug.silent

    @cached_property
    def letters(self) -> str:
        """The state on each release of PyTorch, oldest first: a, u or n."""
        return releases.letters(self.bug)

    @property
    def date(self) -> str:
        """The first day on which a report of it is dated; the day on which it was read where none is."""
        dates = [entry["date"] for entry in self.bug.reported if "date" in entry]
        return min(dates) if dates else getattr(self.bug, "stored_date", "")

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


def _newest_first(bug: Bug | Reported) -> tuple:
    return (bug.fixed is not None, tuple(-part for part in bug.fixed.release) if bug.fixed else ())


def entries(bugs: tuple[Bug | Reported, ...], reports: tuple[Report, ...], runs: dict, controls: dict) -> list[Entry]:
    """All bugs, the most dangerous first."""
    ranks = json.loads(DANGER.read_text(encoding="utf-8"))
    met: dict[str, list[Report]] = {}
    for report in reports:
        for slug in report.bugs:
            met.setdefault(slug, []).append(report)
    found = []
    for bug in bugs:
        if isinstance(bug, Bug):
            there = evidence.kinds_of(bug, runs, controls)
            kinds, danger = tuple(kind for kind in evidence.KINDS if kind in there), ranks.get(bug.slug)
        else:
            kinds, danger = ("reported",), bug.danger_rank
        found.append(Entry(bug, kinds, tuple(met.get(bug.slug, ())), danger))
    return sorted(found, key=lambda entry: entry.order)
