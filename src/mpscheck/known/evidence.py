"""Joining the catalogue with the results: what is known of each bug, by kind of evidence. Pure functions of data.

The four kinds are never mixed: measured (a run on that device), declared (read in PyTorch's macOS wheels), reported (a
public thread), emulated (a fault imitated in software, which says nothing about a Mac).
"""

from dataclasses import dataclass
from pathlib import Path

from mpscheck.bugs.bug import Bug
from mpscheck.known.measured import Index
from mpscheck.runs import emulated, made_of, numerics, results

KINDS = {
    "measured": "a run on a Mac, with its provenance",
    "declared": "read in PyTorch's wheels for macOS, nothing was run",
    "reported": "said in a public thread",
    "emulated": "a fault imitated in software: proves that the check catches it, says nothing about a Mac",
}
ROW = {"snippet", "healthy", "healthy_bitwise", "honest", "honest_ratio", "sick", "sick_ratio"}  # of controls


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


def kinds_of(bug: Bug, index: Index, controls: dict) -> set[str]:
    """The kinds of evidence that there are for a bug; an outdated record is none."""
    row = control(bug, controls)
    there = {
        "measured": any(m.measured for m in index.of(bug.slug)),
        "declared": bool(declared(bug)),
        "reported": True,  # every bug names the thread that reports it
        "emulated": row is not None and row.proven,
    }
    return {kind for kind, present in there.items() if present}
