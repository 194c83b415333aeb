"""`mpscheck controls`: does each check itself work?

Healthy `emu` (the CPU's arithmetic) and `honest` (other arithmetic) must agree; `emu` with the snippet's own fault must
show itself in compute as its kind does, while workaround and control agree; the trigger must match a call of compute and
none of theirs. What cannot be imitated (a crash, a hang, compiled code) runs on the healthy devices alone, and is said to
be not proven by emulation, with the bug's own reason.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import click
from rich.padding import Padding

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.known.evidence import NOT_PROVEN
from mpscheck.places import shown as shown_path
from mpscheck.progress import console, progress
from mpscheck.runs import emulated, made_of, numerics, provenance, runner

KIND = "controls"


def main(slugs, resume: bool, publish: bool, as_json: bool) -> int:
    """Measure the controls of these bugs (all if none are named) and keep each in a file of its own."""
    bugs = [catalogue.find(slug) for slug in slugs] or list(catalogue.with_check())
    where = provenance.collect("emu")
    rows = {}
    for bug in bugs if resume else ():
        if row := emulated.kept((emulated.LOCAL,), KIND, bug.slug, where, made_of.of_check(bug)):
            rows[bug.slug] = row
    missing = [bug for bug in bugs if bug.slug not in rows]
    folders = (emulated.LOCAL, emulated.PUBLISHED) if publish else (emulated.LOCAL,)
    for bug in bugs if publish else ():
        if bug.slug in rows:
            emulated.write(emulated.PUBLISHED, KIND, bug.slug, where, made_of.of_check(bug), rows[bug.slug])
    for bug, row in measured(missing):  # each is stored as soon as it is there
        rows[bug.slug] = row
        for folder in folders if not skipped(row) else ():
            emulated.write(folder, KIND, bug.slug, where, made_of.of_check(bug), row)
    shown = [rows[bug.slug] for bug in bugs]
    problems = {row["snippet"]: found for row in shown if (found := problems_of(row, catalogue.find(row["snippet"])))}
    if as_json:
        click.echo(json.dumps({"schema": 1, "provenance": where, "rows": shown}, indent=1, sort_keys=True))
    else:
        _print(shown, problems)
        folder = shown_path(emulated.PUBLISHED if publish else emulated.LOCAL)
        counted = f"{len(missing)} measured, {len(shown) - len(missing)} kept from before"
        click.echo(f"{counted}; stored in {folder}/{KIND}, one file a bug")
    return 1 if problems else 0


def measured(bugs: list[Bug]) -> Iterator[tuple[Bug, dict]]:
    """The rows of these bugs, one after the other; without a fault to imitate a row has nothing of the sick device.

    One worker a device: a fault that was once on leaves kernels behind, which the healthy device must not have.
    """
    with ExitStack() as stack, progress("controls", len(bugs)) as step:
        healthy, sick, honest = (
            stack.enter_context(runner.Worker("emu", emulated=mode)) for mode in ("1", "1", "honest")
        )
        for bug in bugs:
            jobs = runner.jobs_of(bug)  # one a dtype
            records = {"healthy": [healthy.measure(job) for job in jobs]}
            if bug.imitable:
                records["sick"] = [sick.measure(job) for job in runner.jobs_of(bug, (bug.slug,))]
            records["honest"] = [honest.measure(job) for job in jobs]
            runs = bug.triggers and all(
                numerics.deciding(record)["outcome"] == "measured" for record in records["healthy"]
            )  # else there are no calls to look at
            row = _row(bug, records, healthy.matches(bug) if runs else dict.fromkeys(bug.check.functions, 0))
            yield bug, row
            step(f"{bug.slug}: {', '.join(f'{mode} ' + row[mode]['compute'] for mode in records)}")


def _row(bug: Bug, records: dict[str, list[dict]], calls: dict) -> dict:
    """What a bug's check gave; of several dtypes the worst."""
    healthy, sick, honest = (records.get(mode) for mode in ("healthy", "sick", "honest"))

    def verdicts(found: list[dict]) -> dict[str, str]:
        return {n: numerics.worst(numerics.verdict(record, n) for record in found) for n in bug.check.functions}

    attempts = [(mode, numerics.deciding(record)) for mode, found in records.items() for record in found]
    reasons = {mode: attempt["reason"] for mode, attempt in reversed(attempts) if "reason" in attempt}
    row = {
        "snippet": bug.slug,
        "healthy": verdicts(healthy),
        "healthy_bitwise": _bitwise(healthy),
        "honest": verdicts(honest),
        "honest_ratio": _ratio(honest, bug.check.functions),
        "sick": verdicts(sick) if sick else {},
        "sick_ratio": _ratio(sick, ("compute",)) if sick else None,
        "calls": calls,
    }
    return row | ({"reasons": reasons} if reasons else {})


def _bitwise(records: list[dict]) -> bool | None:
    """Whether the device gave the CPU's very bits; None for a random sample, which has no bits to compare."""
    attempts = [numerics.deciding(record) for record in records]
    if any(attempt["outcome"] != "measured" for attempt in attempts):
        return False
    numbers = [n for attempt in attempts for n in attempt["functions"].values()]
    if any("p_value" in n for n in numbers):
        return None
    return all(output.get("equals_cpu", False) for n in numbers for output in n["outputs"])


def _ratio(records: list[dict], names) -> float | str | None:
    """The largest error ratio of these functions; None where no ratio is defined (a random sample, no run)."""
    found = [numerics.deciding(record)["functions"] for record in records]
    numbers = [functions[name] for functions in found for name in names if name in functions]
    ratios = [numerics.error_ratio(n) for n in numbers if numerics.has_ratio(n)]
    return numerics.number(max(ratios)) if ratios else None


def problems_of(row: dict, bug) -> list[str]:
    """What is not as it must be for this row, in words; empty if the check works, or was skipped.

    A healthy device need not give the CPU's bits: some ops (`lstm`, `gru`) have kernels of their own on the CPU, and the
    rule allows other arithmetic.
    """
    if skipped(row):
        return []
    shows = numerics.SHOWS[bug.kind]
    showed = row["sick"].get("compute") in shows  # its reason is then what it should say
    reasons = row.get("reasons", {})
    problems = [f"{mode}: {reason}" for mode, reason in reasons.items() if mode != "sick" or not showed]
    for mode in ("healthy", "honest"):
        problems += [f"{mode} {name}: {v}, must agree" for name, v in row[mode].items() if v != "agrees"]
    if bug.imitable and not showed:
        problems.append(f"sick compute: {row['sick']['compute']}, must be caught as {' or '.join(shows)}")
    problems += [f"sick {n}: {v}, must agree" for n, v in row["sick"].items() if n != "compute" and v != "agrees"]
    if bug.triggers and bug.check.exempt is None:
        if not row["calls"].get("compute"):
            problems.append("the trigger matches no call of compute")
        problems += [f"the trigger matches {c} call(s) of {n}" for n, c in row["calls"].items() if n != "compute" and c]
    return problems


def skipped(row: dict) -> bool:
    """Whether the check was not run, since this machine has too little memory: that says nothing of it."""
    return row["healthy"]["compute"] == "not-run"


BITS = {True: "equal", False: "differ", None: "random"}


def lines_of(row: dict, bug: Bug) -> list[str]:
    """A row in words: what ran healthy, then what ran sick, or why nothing did."""

    def worst(mode: str) -> str:
        return next((v for v in row[mode].values() if v != "agrees"), "agrees")

    def ratio(mode: str) -> str:
        found = row[f"{mode}_ratio"]
        return "" if found is None else f" (ratio {numerics.as_float(found):.2g})"

    if skipped(row):
        return [row["snippet"], f"skipped: {row['reasons']['healthy']}"]
    sick = [f"{name} {said}" + (ratio("sick") if name == "compute" else "") for name, said in row["sick"].items()]
    calls = f"; trigger {'/'.join(str(count) for count in row['calls'].values())}" if bug.triggers else ""
    return [
        row["snippet"],
        f"healthy: {worst('healthy')}, bits {BITS[row['healthy_bitwise']]}; honest: {worst('honest')}{ratio('honest')}",
        f"sick: {', '.join(sick)}{calls}" if sick else f"{NOT_PROVEN}: {bug.not_imitated}{calls}",
    ]


def _print(rows, problems) -> None:
    console.print("Controls: the checks checked (emulated)", markup=False)
    for row in rows:
        slug, *found = lines_of(row, catalogue.find(row["snippet"]))
        console.print(slug, markup=False)
        for line in found:
            console.print(Padding(line, (0, 0, 0, 2), expand=False), markup=False)
    for slug, found in problems.items():
        console.print(f"NOT AS EXPECTED {slug}: {'; '.join(found)}", markup=False)
    run = [row for row in rows if not skipped(row)]
    imitated = [row for row in run if row["sick"]]
    alone = [row for row in run if not row["sick"]]
    left = f"; {len(rows) - len(run)} skipped" if len(run) < len(rows) else ""
    if alone:
        left = f"; {_working(alone, problems)} {NOT_PROVEN}: healthy and honest agree{left}"
    working = _working(imitated, problems)
    console.print(f"{working} checks work: healthy and honest agree, the fault is caught, workarounds work{left}.")


def _working(rows: list[dict], problems: dict) -> str:
    """How many of these rows are as they must be."""
    return f"{sum(row['snippet'] not in problems for row in rows)} of {len(rows)}"
