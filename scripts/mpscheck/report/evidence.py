"""Joining the catalogue with the results: what is known of each bug, by kind of evidence. Pure functions of data.

The four kinds are never mixed: measured (a run on that device), declared (read in PyTorch's macOS wheels), reported (a
public thread), emulated (a fault imitated in software, which says nothing about a Mac).
"""

import json
from dataclasses import dataclass
from pathlib import Path

from mpscheck import numerics, results
from mpscheck.catalogue import Bug

KINDS = {
    "measured": "a run on a Mac, with its provenance",
    "declared": "read in PyTorch's wheels for macOS, nothing was run",
    "reported": "told in a public thread",
    "emulated": "a fault imitated in software: proves that the check catches it, says nothing about a Mac",
}
EMULATED = results.RUNS.parent / "emulated"


@dataclass(frozen=True)
class Measurement:
    """One record of a snippet in one run. `current` is False if the snippet's code has changed since."""

    run: str
    provenance: dict
    record: dict
    current: bool

    def verdict(self, function: str = "compute") -> str:
        """`outdated` where the code has changed since, else the verdict on this function."""
        return numerics.verdict(self.record, function) if self.current else "outdated"


@dataclass(frozen=True)
class Control:
    """What a snippet gave on the emulated device: the row of `controls.json` and where that was made."""

    provenance: dict
    row: dict
    current: bool

    @property
    def proven(self) -> bool:
        """True if the check agreed on the healthy devices, said wrong on the sick one, and control and cure agreed."""
        row = self.row
        others = [value for name, value in row["sick"].items() if name != "compute"]
        healthy = [*row["healthy"].values(), *row["honest"].values(), *others]
        return self.current and row["sick"]["compute"] in numerics.SICK and all(v == "agrees" for v in healthy)


def measurements(bug: Bug, runs: dict[str, dict], faults: bool = False) -> list[Measurement]:
    """The records of one bug in these runs, newest run first; those on a device made sick on purpose only if asked."""
    found = [
        Measurement(name, run["provenance"], record, record["code"] == bug.code_hash)
        for name, run in runs.items()
        for record in run["records"]
        if record["snippet"] == bug.slug and (faults or not record.get("faults"))
    ]
    return sorted(found, key=lambda m: (m.provenance["date"], m.run), reverse=True)


def on_mac(bug: Bug, runs: dict[str, dict]) -> list[Measurement]:
    """The measurements of one bug on the device `mps`, newest first."""
    return [m for m in measurements(bug, runs) if m.provenance["device"].split(":")[0] == "mps"]


def read_controls(path: Path = EMULATED / "controls.json") -> dict:
    """The stored table of controls; an empty one where there is none. Raises BadResults."""
    if not path.exists():
        return {"schema": 1, "provenance": {}, "rows": []}
    try:
        controls = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise results.BadResults(f"{path.name} cannot be read as JSON: {error}") from None
    wanted = {"snippet", "code", "healthy", "healthy_bitwise", "honest", "honest_ratio", "sick", "sick_ratio"}
    if not isinstance(controls, dict) or controls.get("schema") != 1 or not isinstance(controls.get("rows"), list):
        raise results.BadResults(f"{path.name} is not a table of controls: it needs schema 1 and rows")
    for row in controls["rows"]:
        if wanted - set(row) or "compute" not in row["sick"]:
            raise results.BadResults(f"{path.name}: row {row.get('snippet')!r} lacks {sorted(wanted - set(row))}")
    return controls


def control(bug: Bug, controls: dict) -> Control | None:
    """The row of one bug, if it was run on the emulated device at all."""
    now = {"code": bug.code_hash, "trigger": str(bug.metadata["trigger"]), "effect": str(bug.effect)}
    for row in controls["rows"]:
        if row["snippet"] == bug.slug:
            return Control(
                controls["provenance"], row, all(row.get(name, value) == value for name, value in now.items())
            )
    return None


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
    """The oldest version that was seen sick, as written; None if that is not known."""
    lowers = [s.version for s in bug.affected if s.operator in (">=", ">", "==")]
    return lowers[0] if lowers else None


def last_seen(bug: Bug) -> str | None:
    """The newest version that was seen sick where no fix is known."""
    uppers = [s.version for s in bug.affected if s.operator == "<="]
    return uppers[0] if uppers else None


def kinds_of(bug: Bug, runs: dict[str, dict], controls: dict) -> set[str]:
    """The kinds of evidence that there are for a bug; an outdated record is none."""
    row = control(bug, controls)
    there = {
        "measured": any(m.current and m.record["outcome"] == "measured" for m in on_mac(bug, runs)),
        "declared": bool(declared(bug)),
        "reported": True,  # every bug names the thread that reports it
        "emulated": row is not None and row.proven,
    }
    return {kind for kind, present in there.items() if present}
