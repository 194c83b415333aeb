"""Of the faults that were tried, how many were caught: by size, by rate, by check; and what locate named. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

LARGEST = 1_000_000


@dataclass(frozen=True)
class Share:
    """What became of some trials: caught, stopped (COULD NOT CHECK), missed, or no number was wrong."""

    caught: int
    stopped: int
    missed: int
    quiet: int

    @property
    def tried(self) -> int:
        """All of them."""
        return self.caught + self.stopped + self.missed + self.quiet

    @property
    def part(self) -> float:
        """The share that was caught."""
        return self.caught / self.tried if self.tried else 0.0


def outcome(trial: dict) -> str:
    """What validate did with one fault."""
    if trial["verdict"] == "agrees":
        return "missed" if trial["wrong"] else "quiet"
    return "caught" if trial["verdict"] == "disagrees" else "stopped"


def share(trials: Iterable[dict]) -> Share:
    """What became of these."""
    found = [outcome(trial) for trial in trials]
    return Share(*(found.count(word) for word in ("caught", "stopped", "missed", "quiet")))


def by(trials: Iterable[dict], key: Callable[[dict], int | str]) -> dict:
    """These trials by what `key` says of them, in order."""
    groups: dict = {}
    for trial in trials:
        groups.setdefault(key(trial), []).append(trial)
    return dict(sorted(groups.items()))


def frequent(trials: Iterable[dict]) -> list[dict]:
    """Those of an error with a size, in each call."""
    return [trial for trial in trials if trial["size"] and trial["every"] == 1]


def by_size(trials: Iterable[dict]) -> dict[int, Share]:
    """Errors in each call, by size."""
    return {size: share(some) for size, some in by(frequent(trials), lambda t: t["size"]).items()}


def by_rate(trials: Iterable[dict], size: int) -> dict[int, Share]:
    """Errors of one size (0: those that have none) by the number of calls of which one is wrong."""
    return {n: share(some) for n, some in by((t for t in trials if t["size"] == size), lambda t: t["every"]).items()}


def false_alarms(row: dict) -> list[str]:
    """The checks that call a healthy device wrong."""
    return [name for name, verdict in row["healthy"].items() if verdict in ("disagrees", "diverges")]
