"""The measurements of one bug, folded: neighbouring releases on which the same was found are one line. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from packaging.version import Version

from mpscheck.known.measured import DISAGREE, ONCE, RIGHT, WRONG, Index, Measurement
from mpscheck.known.setups import Setup

FOUND = (WRONG, DISAGREE, ONCE, RIGHT)  # what a line can say; all else gave no verdict


@dataclass(frozen=True)
class Kind:
    """One kind of machine, and the dtype under test: what is found there is followed from release to release."""

    machine: Setup  # of no release
    dtype: str


@dataclass(frozen=True)
class Line:
    """What was found alike on some kinds of machines, from one release to another."""

    found: str  # of FOUND
    first: str
    last: str
    kinds: tuple[Kind, ...]
    measurements: tuple[Measurement, ...]  # those that say wrong or right, newest first
    of: int  # so many were made there, those without a verdict too

    @property
    def times(self) -> int:
        """How many of the measurements say so; of runs that disagree, how many say wrong."""
        word = WRONG if self.found == DISAGREE else self.found
        return sum(m.outcome == word for m in self.measurements)

    @property
    def telling(self) -> Measurement:
        """The newest measurement whose figures are those of the line."""
        return next((m for m in self.measurements if m.outcome != RIGHT), self.measurements[0])


@dataclass(frozen=True)
class Silent:
    """Measurements that gave no verdict for the same reason, newest first."""

    word: str  # hang, unfit, outdated, ...
    reason: str  # may be a stranger's
    measurements: tuple[Measurement, ...]


def lines(slug: str, index: Index) -> list[Line]:
    """The lines of a bug, the newest releases first, then the worst."""
    by_torch = index.found.get(slug, {})
    stretches: list[tuple[list[str], dict[Kind, frozenset[str]]]] = []
    for torch in sorted(by_torch, key=Version, reverse=True):
        found = {kind: _outcomes(ms) for kind, ms in _by_kind(by_torch[torch]).items()}
        found = {kind: outcomes for kind, outcomes in found.items() if outcomes}
        if not found:
            continue
        before = stretches[-1] if stretches else None
        common = before and before[1].keys() & found.keys()
        if common and all(before[1][kind] == found[kind] for kind in common):
            before[0].append(torch)
            before[1].update(found)
        else:
            stretches.append(([torch], found))
    return [line for torches, found in stretches for line in _of_stretch(torches, found, by_torch)]


def _of_stretch(torches: list[str], found: dict[Kind, frozenset[str]], by_torch: dict) -> list[Line]:
    """The lines of neighbouring releases; machines that were seen on the same of them share one."""
    groups: dict[tuple[str, str, str], dict[Kind, list[Measurement]]] = {}
    for kind, outcomes in found.items():
        on = {torch: _by_kind(by_torch[torch]).get(kind, []) for torch in torches}
        telling = [torch for torch in torches if _outcomes(on[torch])]
        there = [m for torch in torches for m in on[torch]]
        groups.setdefault((_word(outcomes), telling[-1], telling[0]), {})[kind] = there
    return sorted((_line(*key, kinds) for key, kinds in groups.items()), key=_order)


def _line(found: str, first: str, last: str, kinds: dict[Kind, list[Measurement]]) -> Line:
    every = [m for there in kinds.values() for m in there]
    telling = sorted((m for m in every if _tells(m)), key=lambda m: m.provenance["date"], reverse=True)
    return Line(found, first, last, tuple(kinds), tuple(telling), len(every))


def _order(line: Line) -> tuple:
    return FOUND.index(line.found), [-part for part in Version(line.last).release], -len(line.measurements)


def _by_kind(by_setup: dict[Setup, list[Measurement]]) -> dict[Kind, list[Measurement]]:
    found: dict[Kind, list[Measurement]] = {}
    for setup, there in by_setup.items():
        for m in there:
            found.setdefault(Kind(replace(setup, torch=""), m.record.dtype), []).append(m)
    return found


def _tells(m: Measurement) -> bool:
    return m.current and m.outcome in FOUND


def _outcomes(found: Iterable[Measurement]) -> frozenset[str]:
    return frozenset(m.outcome for m in found if _tells(m))


def _word(outcomes: frozenset[str]) -> str:
    if {WRONG, RIGHT} <= outcomes:
        return DISAGREE
    return next(word for word in FOUND if word in outcomes)


def silent(slug: str, index: Index) -> list[Silent]:
    """The measurements without a verdict, by what kept them from one, the most of them first."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for m in index.of(slug):
        if not _tells(m):
            word = m.outcome if m.current else "outdated"
            groups.setdefault((word, m.reason if m.current else ""), []).append(m)
    found = [Silent(word, reason, tuple(members)) for (word, reason), members in groups.items()]
    return sorted(found, key=lambda one: -len(one.measurements))
