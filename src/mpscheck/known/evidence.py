"""Joining the catalogue with the results: what is known of each bug, by kind of evidence. Pure functions of data.

The four kinds are never mixed: measured (a run on that device), declared (read in PyTorch's macOS wheels), reported (a
public thread), emulated (a fault imitated in software, which says nothing about a Mac).
"""

from dataclasses import dataclass
from pathlib import Path

from mpscheck.bugs.bug import Bug
from mpscheck.runs import emulated, fitness, made_of, numerics, results
from mpscheck.runs.fitness import Fitness

KINDS = {
    "measured": "a run on a Mac, with its provenance",
    "declared": "read in PyTorch's wheels for macOS, nothing was run",
    "reported": "told in a public thread",
    "emulated": "a fault imitated in software: proves that the check catches it, says nothing about a Mac",
}
ROW = {"snippet", "healthy", "healthy_bitwise", "honest", "honest_ratio", "sick", "sick_ratio"}  # of controls


@dataclass(frozen=True)
class Measurement:
    """One record of a snippet in one run. `current` is False if the snippet's code has changed since."""

    run: str
    provenance: dict
    record: dict
    current: bool
    bug: Bug
    fit: Fitness  # of the run

    @property
    def attempt(self) -> dict:
        """The attempt that the figures are taken from."""
        return numerics.deciding(self.record)

    def verdict(self, function: str = "compute") -> str:
        """`outdated` where the code has changed since, else the verdict on this function."""
        return fitness.verdict(self.fit, self.bug, self.record, function) if self.current else "outdated"

    @property
    def hindered(self) -> bool:
        """True if the machine was not fit to say anything of the bug: its numbers are not shown."""
        return self.current and self.fit.hindrance(self.bug) is not None

    @property
    def reason(self) -> str | None:
        """Why there are no numbers, or why they do not count; None where they do."""
        hindrance = self.fit.hindrance(self.bug)
        return hindrance.reason if hindrance else self.attempt.get("reason")

    @property
    def measured(self) -> bool:
        """True if it says something of the bug: numbers were taken on a fit machine, or it showed as its kind does."""
        shows = self.attempt["outcome"] == "measured" or self.verdict() in numerics.SHOWS[self.bug.kind]
        return self.current and not self.hindered and shows


NOT_PROVEN = "not proven by emulation"  # said of a check whose fault cannot be imitated, with the bug's own reason


@dataclass(frozen=True)
class Control:
    """What a snippet gave on the emulated device: the row of its controls and where that was made."""

    provenance: dict
    row: dict
    current: bool
    kind: str  # of the bug: what shows it

    @property
    def proven(self) -> bool:
        """True if the check agreed on the healthy devices, said wrong on the sick one, and control and cure agreed.

        Never without a fault to imitate.
        """
        sick = self.row["sick"]
        others = [value for name, value in sick.items() if name != "compute"]
        return self.agrees and sick.get("compute") in numerics.SHOWS[self.kind] and set(others) <= {"agrees"}

    @property
    def agrees(self) -> bool:
        """True if all of it agreed on the healthy devices, as it is now."""
        return self.current and {*self.row["healthy"].values(), *self.row["honest"].values()} == {"agrees"}


def measurements(bug: Bug, runs: dict[str, dict], faults: bool = False) -> list[Measurement]:
    """The records of one bug in these runs, newest run first; those on a device made sick on purpose only if asked."""
    if bug.check is None:
        return []
    found = [
        Measurement(name, run["provenance"], record, record["code"] == bug.check.code_hash, bug, fit)
        for name, run in runs.items()
        for fit in [fitness.fitness(run)]
        for record in run["records"]
        if record["snippet"] == bug.slug and (faults or not record.get("faults"))
    ]
    return sorted(found, key=lambda m: (m.provenance["date"], m.run), reverse=True)


def of_runs(found: list[Measurement]) -> list[Measurement]:
    """One measurement a run: of its records in several dtypes that with the worst verdict."""
    chosen: dict[tuple, Measurement] = {}
    for m in found:
        other = chosen.get((m.run, m.current))
        if other is None or (m.current and numerics.worst([other.verdict(), m.verdict()]) != other.verdict()):
            chosen[m.run, m.current] = m
    return list(chosen.values())


def on_mac(bug: Bug, runs: dict[str, dict]) -> list[Measurement]:
    """The measurements of one bug on the device `mps`, newest first."""
    return [m for m in measurements(bug, runs) if m.provenance["device"].split(":")[0] == "mps"]


def read_controls(published: Path | None = None, local: Path | None = None) -> dict[str, dict]:
    """The stored controls by slug: the published ones, and this machine's own where none is published yet.

    Raises BadResults for a file that is none.
    """
    own = emulated.read("controls", local or emulated.LOCAL)
    found = own | emulated.read("controls", published)
    for slug, document in found.items():
        if lacking := ROW - set(document["row"]):
            raise results.BadResults(f"controls/{slug}.json lacks {', '.join(sorted(lacking))} in its row")
    return found


def control(bug: Bug, controls: dict[str, dict]) -> Control | None:
    """The row of one bug, if it was run on the emulated device at all."""
    document = controls.get(bug.slug)
    if document is None or bug.check is None:
        return None
    current = not made_of.changed(document["made_of"], bug_now(bug))
    return Control(document["provenance"], document["row"], current, bug.kind)


def rows(controls: dict[str, dict]) -> list[dict]:
    """The rows of all controls, by slug."""
    return [controls[slug]["row"] for slug in sorted(controls)]


def bug_now(bug: Bug) -> dict[str, str]:
    """What of a bug itself its controls are made of: an older device proves a check as well."""
    return {name: value for name, value in made_of.of_check(bug).items() if name != "device"}


def declared(bug: Bug) -> list[str]:
    """What was read in PyTorch's wheels, one phrase a fact."""
    facts = []
    if bug.introduced and bug.introduced["basis"] == "wheel":
        facts.append(f"{bug.introduced['version']} is the first wheel with the fault")
    if bug.basis.get("seen") == "wheel":
        facts.append(f"the wheel of {oldest_seen(bug)} has the fault")
    if bug.basis.get("fixed") == "wheel" and bug.fixed:
        facts.append(f"the wheel of {bug.fixed} has the fix")
    return facts


def oldest_seen(bug: Bug) -> str | None:
    """The oldest version that was seen affected, as written; None if that is not known."""
    lowers = [s.version for s in bug.affected if s.operator in (">=", ">", "==")]
    return lowers[0] if lowers else None


def last_seen(bug: Bug) -> str | None:
    """The newest version that was seen affected where no fix is known."""
    uppers = [s.version for s in bug.affected if s.operator == "<="]
    return uppers[0] if uppers else None


def kinds_of(bug: Bug, runs: dict[str, dict], controls: dict) -> set[str]:
    """The kinds of evidence that there are for a bug; an outdated record is none."""
    row = control(bug, controls)
    there = {
        "measured": any(m.measured for m in on_mac(bug, runs)),
        "declared": bool(declared(bug)),
        "reported": True,  # every bug names the thread that reports it
        "emulated": row is not None and row.proven,
    }
    return {kind for kind, present in there.items() if present}
