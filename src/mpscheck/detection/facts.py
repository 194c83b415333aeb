"""What follows from the cells of the detection table: counts, names, and the sentences that say them. Pure."""

from dataclasses import dataclass

SIGN = "sign of one logit difference"  # positive in TransformerLens#1178 on the CPU, negative on mps
NOT_VALIDATE = (SIGN, "locate", "audit", "snippet")  # columns that are no checks of validate_mps.py
OUTCOMES = {  # of a fault on all models together, the worst first: what it says of the checks
    "missed": "a number was wrong while a check ran, and all of them agreed",
    "stopped": "none caught it, and one ended with an error",
    "no wrong number": "it fired, and no number came out wrong while a check ran",
    "never so": "its op is called, never as the fault needs it",
    "never called": "its op is not called",
    "caught": "a check caught it",
}
QUICK = ("IOI", "logits", "residual stream", "attention patterns", "patching")  # a test holds it against the file


@dataclass(frozen=True)
class Facts:
    """What the rows of one model through one entry point say; lists hold the faults' names."""

    model: str
    entry: str
    faults: int
    met: list[str]  # gave a wrong result at least once in a check of validate_mps.py
    ioi_met: list[str]  # gave one while the IOI prompts ran
    sign: list[str]  # caught by the sign, by IOI, by the quick checks, by any check
    ioi: list[str]
    quick: list[str]
    caught: list[str]
    stopped: list[str]  # not caught, but a check ended with an error: the file says "could not check"
    missed: list[str]
    alone: dict[str, list[str]]  # by check: what no other check caught
    locate_met: list[str]  # wrong results on the one prompt that locate reads
    locate_caught: list[str]
    locate_named: list[str]  # and the op that it named is the faulty one


def facts(rows: list[dict]) -> Facts:
    """The facts of the rows of one model and entry point."""
    met = [row for row in rows if any(checks(row)[name]["wrong"] for name in checks(row))]
    caught = [row for row in met if caught_by(row)]
    rest = [row for row in met if not caught_by(row)]
    stopped = [row for row in rest if stopped_in(row)]
    alone = {name: names(row for row in caught if caught_by(row) == [name]) for name in checks(rows[0])}
    located = [row for row in rows if row["cells"]["locate"]["wrong"]]
    found = [row for row in located if row["cells"]["locate"]["verdict"] == "caught"]
    named = [row for row in found if row["cells"]["locate"]["text"].split(" in ")[0] in row["ops"]]
    return Facts(
        model=rows[0]["model"],
        entry=rows[0]["entry"],
        faults=len(rows),
        met=names(met),
        ioi_met=names(row for row in rows if row["cells"]["IOI"]["wrong"]),
        sign=names(row for row in met if row["cells"][SIGN]["verdict"] == "caught"),
        ioi=names(row for row in met if "IOI" in caught_by(row)),
        quick=names(row for row in met if set(QUICK) & set(caught_by(row))),
        caught=names(caught),
        stopped=names(stopped),
        missed=names(row for row in rest if row not in stopped),
        alone={name: faults for name, faults in alone.items() if faults},
        locate_met=names(located),
        locate_caught=names(found),
        locate_named=names(named),
    )


def by_subject(rows: list[dict]) -> list[Facts]:
    """The facts of each model and entry point, in the order of the rows."""
    subjects = list(dict.fromkeys((row["model"], row["entry"]) for row in rows))
    return [facts([row for row in rows if (row["model"], row["entry"]) == subject]) for subject in subjects]


@dataclass(frozen=True)
class Outcome:
    """What became of one fault on all models together, and the row that says most of it."""

    fault: str
    outcome: str
    row: dict


def outcomes(rows: list[dict]) -> list[Outcome]:
    """Of each fault what became of it, those of one outcome together, in the order of `OUTCOMES`."""
    by_fault: dict[str, list[dict]] = {}
    for row in rows:
        by_fault.setdefault(row["fault"], []).append(row)
    found = [outcome(fault, some) for fault, some in by_fault.items()]
    return sorted(found, key=lambda one: (list(OUTCOMES).index(one.outcome), one.fault))


def outcome(fault: str, rows: list[dict]) -> Outcome:
    """What became of a fault, from its rows."""
    wrong = [row for row in rows if any(cell["wrong"] for cell in checks(row).values())]
    most = max(rows, key=lambda row: row["called"])
    if caught := [row for row in wrong if caught_by(row)]:
        return Outcome(fault, "caught", caught[0])
    if stopped := [row for row in wrong if stopped_in(row)]:
        return Outcome(fault, "stopped", stopped[0])
    if wrong:
        return Outcome(fault, "missed", wrong[0])
    if fired := [row for row in rows if row["fired"]]:
        return Outcome(fault, "no wrong number", fired[0])
    return Outcome(fault, "never so" if most["called"] else "never called", most)


@dataclass(frozen=True)
class Seen:
    """What one check saw of the faults, all models together: names of those that made a number wrong while it ran, …"""

    wrong: list[str]
    caught: list[str]
    alone: list[str]  # and that no other check caught on any model


def by_check(rows: list[dict]) -> dict[str, Seen]:
    """What each check of validate_mps.py saw."""
    catchers: dict[str, set[str]] = {}
    for row in rows:
        catchers.setdefault(row["fault"], set()).update(caught_by(row))

    def seen(check: str) -> Seen:
        here = [row for row in rows if checks(row)[check]["wrong"]]
        caught = [fault for fault, by in catchers.items() if check in by]
        return Seen(list(dict.fromkeys(names(here))), caught, [fault for fault in caught if catchers[fault] == {check}])

    return {check: seen(check) for check in (checks(rows[0]) if rows else ())}


def checks(row: dict) -> dict[str, dict]:
    """The cells of validate_mps.py's checks alone."""
    return {name: cell for name, cell in row["cells"].items() if name not in NOT_VALIDATE}


def caught_by(row: dict) -> list[str]:
    """The checks of validate_mps.py that caught the fault."""
    return [name for name, cell in checks(row).items() if cell["verdict"] == "caught"]


def stopped_in(row: dict) -> list[str]:
    """The checks of validate_mps.py that ended with an error."""
    return [name for name, cell in checks(row).items() if cell["verdict"] == "could not check"]


def names(rows) -> list[str]:
    """The faults of these rows."""
    return [row["fault"] for row in rows]


def sentences(found: Facts) -> list[str]:
    """What the facts say, in plain words; names of faults and checks in backquotes."""
    total = len(found.met)
    said = [
        f"Faults that gave a wrong number in at least one check: {total} of {found.faults}. Of those {total}, the IOI check "
        f"caught {len(found.ioi)}, the checks of `--quick` {len(found.quick)}, all checks {len(found.caught)}.",
        f"Faults that gave one while the IOI prompts ran: {len(found.ioi_met)}. The sign of one logit difference shows "
        f"{len(found.sign)} of these, the whole IOI check {len(found.ioi)}.",
    ]
    if found.stopped:
        said.append(f"A check ended with an error, which is no agreement either: {listed(found.stopped)}.")
    said.append(f"Passed every check: {listed(found.missed)}." if found.missed else "None passed every check.")
    for check, faults in found.alone.items():
        said.append(f"Only {check} caught {listed(faults)}.")
    said.append(
        f"`locate` reads one prompt, without gradients. Faults that gave a wrong number there: {len(found.locate_met)}. "
        f"It found {len(found.locate_caught)} of them, and named the faulty op of {len(found.locate_named)}."
    )
    return said


def listed(faults: list[str]) -> str:
    """Names of faults in a sentence."""
    return ", ".join(f"`{name}`" for name in faults)
