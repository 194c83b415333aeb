"""What runs gave of each bug, by set-up: an index, made once over all runs. Pure functions of data."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mpscheck.bugs.bug import Bug
from mpscheck.known import setups
from mpscheck.known.setups import Setup
from mpscheck.runs import fitness, numerics, slim
from mpscheck.runs.fitness import Hindrance
from mpscheck.runs.slim import Record

WRONG, ONCE, RIGHT, DISAGREE = "wrong", "wrong once", "right", "runs disagree"
OUTDATED = "outdated"
BROUGHT = "published"  # the part of a run file that the publishing job adds: which job measured it, checked there


@dataclass(frozen=True)
class Measurement:
    """One record of a snippet in one run. `current` is False if the snippet's code has changed since."""

    run: str
    provenance: dict
    record: Record
    current: bool
    kind: str  # of the bug: what shows it
    verified: bool = False  # the publishing job brought it, see `scripts/ci/collect_runs.py`
    hindrance: Hindrance | None = None  # what of the machine keeps it from a verdict

    def verdict(self, function: str = "compute") -> str:
        """`outdated` where the code has changed since, a hindrance where there is one, else the verdict on this function."""
        if not self.current:
            return OUTDATED
        if self.hindrance:
            return self.hindrance.word
        return self._finding if function == "compute" else self.record.verdict(function)

    @cached_property
    def _finding(self) -> str:
        return self.record.finding(self.kind)

    @property
    def hindered(self) -> bool:
        """True if the machine was not fit to say anything of the bug: its numbers are not shown."""
        return self.current and self.hindrance is not None

    @property
    def measured(self) -> bool:
        """True if it says something of the bug: numbers were taken, or it showed as its kind does."""
        found, numbers = self.verdict(), "compute" in self.record.functions
        return self.current and found not in numerics.HINDERED and (numbers or found in numerics.SHOWS[self.kind])

    @cached_property
    def outcome(self) -> str:
        """WRONG if it showed in two processes at least, ONCE if in one, RIGHT; else the verdict, which says neither."""
        found = self.verdict()
        if not self.measured:
            return found
        verdicts = self.record.of_attempts()
        shown = sum(verdict in numerics.SHOWS[self.kind] for verdict in verdicts)
        if shown:
            return WRONG if shown > 1 else ONCE
        return RIGHT if set(verdicts) == {"agrees"} else found

    @property
    def reason(self) -> str:
        """Why it says neither wrong nor right, in words; may be a stranger's."""
        if self.hindrance:
            return self.hindrance.reason
        return numerics.CONTROL_WRONG if self.verdict() == numerics.NOT_SEPARABLE else self.record.reason or ""

    @property
    def day(self) -> str:
        """The day of the run."""
        return self.provenance["date"][:10]


@dataclass(frozen=True)
class Index:
    """The measurements on `mps` of each bug: by slug, torch release and set-up, newest first. Made by `index`."""

    found: dict[str, dict[str, dict[Setup, list[Measurement]]]] = field(default_factory=dict)
    seen_wrong: frozenset[tuple[str, bool | None]] = frozenset()  # (slug, virtual): the code of now caught it there

    def at(self, slug: str, torch: str) -> dict[Setup, list[Measurement]]:
        """What was measured of a bug on a release of torch, by set-up."""
        return self.found.get(slug, {}).get(torch, {})

    def of(self, slug: str) -> list[Measurement]:
        """All measurements of a bug, newest first; outdated ones too."""
        every = (m for by_setup in self.found.get(slug, {}).values() for found in by_setup.values() for m in found)
        return sorted(every, key=_date, reverse=True)

    def of_torch(self, slug: str, torch: str) -> list[Measurement]:
        """All measurements of a bug on a release of torch, newest first."""
        every = (m for found in self.at(slug, torch).values() for m in found)
        return sorted(every, key=_date, reverse=True)

    @cached_property
    def verified(self) -> "Index":
        """The same without what nobody vouches for: advice rests on this."""
        found = {
            slug: {
                torch: {setup: mine for setup, there in by_setup.items() if (mine := [m for m in there if m.verified])}
                for torch, by_setup in by_torch.items()
            }
            for slug, by_torch in self.found.items()
        }
        return Index(found, self.seen_wrong)

    def setups(self, slug: str) -> list[Setup]:
        """The set-ups on which a bug was measured."""
        return [setup for by_setup in self.found.get(slug, {}).values() for setup in by_setup]


NONE = Index()


def index(bugs: Iterable[Bug], runs: dict[str, dict], unverified: dict[str, dict] | None = None) -> Index:
    """The index of all runs; `unverified` are those of the folder for runs that no job of ours brought."""
    by_slug = {bug.slug: bug for bug in bugs if bug.check is not None}
    found: dict[str, dict[str, dict[Setup, list[Measurement]]]] = {}
    seen = set()
    sent = {f"unverified/{name}": run for name, run in (unverified or {}).items()}  # ours may have the same names
    for folder, verified in ((runs, True), (sent, False)):
        for name, run in folder.items():
            if run["provenance"]["device"].split(":")[0] != "mps":
                continue
            where = setups.of_run(run["provenance"])
            for bug, m in measurements(by_slug, name, run, verified and BROUGHT in run):
                by_setup = found.setdefault(bug.slug, {}).setdefault(where.torch, {})
                by_setup.setdefault(setups.key(bug, where), []).append(m)
                if m.outcome == WRONG and m.verified:
                    seen.add((bug.slug, where.virtual))
    for by_torch in found.values():
        for by_setup in by_torch.values():
            for there in by_setup.values():
                there.sort(key=_date, reverse=True)
    return Index(found, frozenset(seen))


def measurements(
    by_slug: dict[str, Bug], name: str, run: dict, verified: bool = False
) -> Iterator[tuple[Bug, Measurement]]:
    """The records of one run, each with its bug; not those of a device made sick on purpose."""
    fit = fitness.fitness(run)
    for record in slim.slim(run)["records"]:
        bug = by_slug.get(record.snippet)
        if bug is not None and not record.faults:
            current = record.code == bug.check.code_hash
            yield bug, Measurement(name, run["provenance"], record, current, bug.kind, verified, fit.hindrance(bug))


def of_runs(found: Iterable[Measurement]) -> list[Measurement]:
    """One measurement a run: of its records in several dtypes that with the worst verdict."""
    chosen: dict[tuple, Measurement] = {}
    for m in found:
        other = chosen.get((m.run, m.current))
        if other is None or (m.current and numerics.worst([other.verdict(), m.verdict()]) != other.verdict()):
            chosen[m.run, m.current] = m
    return list(chosen.values())


def _date(m: Measurement) -> tuple[str, str]:
    return m.provenance["date"], m.run
