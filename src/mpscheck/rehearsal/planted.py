"""What the made-up runs hold: the set-ups, and the cases that are planted among them (`planted.json`)."""

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

FILE = Path(__file__).with_name("planted.json")
FOLDERS = ("runs", "unverified")  # what the publishing job brought, and what anybody sent
FIRST_DAY = "2026-11-02"


@dataclass(frozen=True)
class Setup:
    """One made-up run: a release on a machine of `planted.json`."""

    torch: str
    machine: str
    date: str
    folder: str = "runs"


@dataclass(frozen=True)
class Finding:
    """What a case puts into the runs of these releases on these machines; none named is all of them.

    `kind` is a word of `records.PLANTED` or an outcome; of a case about a whole run the known-good call that fails.
    """

    torch: tuple[str, ...]
    machines: tuple[str, ...]
    kind: str
    dtype: str | None = None
    reason: str = ""
    stderr: str = ""

    def is_in(self, setup: Setup) -> bool:
        """True if the run of this set-up holds it."""
        return (not self.torch or setup.torch in self.torch) and (not self.machines or setup.machine in self.machines)


@dataclass(frozen=True)
class Case:
    """One thing that real runs will show some day, by name. One without a snippet is about a whole run."""

    name: str
    shows: str
    snippet: str | None
    found: tuple[Finding, ...]


@dataclass(frozen=True)
class Repeated:
    """One made-up result of the job that repeats the report: what each measurement on the device gave, and which known-good
    calls fail."""

    machine: str
    date: str
    shows: str  # a word of `cause.FOUND`
    found: tuple[str, ...]  # right or wrong, in the order of `cause.ON_DEVICE`
    failing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All set-ups, oldest first, the provenance of each machine, and the cases."""

    setups: tuple[Setup, ...]
    machines: dict[str, dict]
    cases: tuple[Case, ...]
    reporter: tuple[Repeated, ...]

    def case(self, name: str) -> Case:
        """The case of this name. Raises KeyError."""
        return {case.name: case for case in self.cases}[name]


@lru_cache
def load(path: Path = FILE) -> Plan:
    """What is planned."""
    data = json.loads(path.read_text(encoding="utf-8"))
    grid = [
        Setup(torch, machine, _date(place))
        for place, (torch, machine) in enumerate(product(data["releases"], data["machines"]))
    ]
    cases = [
        Case(case["name"], case["shows"], case.get("snippet"), tuple(_finding(found) for found in case["found"]))
        for case in data["cases"]
    ]
    setups = sorted([*grid, *(Setup(**run) for run in data["more_runs"])], key=lambda setup: setup.date)
    again = tuple(
        Repeated(one["machine"], one["date"], one["shows"], tuple(one["found"]), tuple(one.get("failing", ())))
        for one in data["reporter"]
    )
    return Plan(tuple(setups), data["machines"] | data["other_machines"], tuple(cases), again)


def _date(place: int) -> str:
    """The time of the run at this place: one after the other, six a day."""
    day, turn = divmod(place, 6)
    return f"{FIRST_DAY[:-2]}{int(FIRST_DAY[-2:]) + day:02d}T{6 + turn:02d}:{7 * turn:02d}:00+00:00"


def _finding(found: dict) -> Finding:
    named = {name: found[name] for name in ("dtype", "reason", "stderr") if name in found}
    return Finding(tuple(found.get("torch", ())), tuple(found.get("machines", ())), found["as"], **named)
