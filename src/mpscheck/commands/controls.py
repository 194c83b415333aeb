"""`mpscheck controls`: does each check itself work?

Healthy `emu` (the CPU's arithmetic) and `honest` (other arithmetic) must agree; `emu` with the snippet's own fault must
be caught by compute, while workaround and control agree; the trigger must match a call of compute and none of theirs.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import click
from rich.padding import Padding

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.places import ROOT
from mpscheck.progress import console, progress
from mpscheck.runs import emulated, made_of, numerics, provenance, results, runner

KIND = "controls"


def main(slugs, resume: bool, publish: bool, as_json: bool) -> int:
    """Measure the controls of these bugs (all if none are named) and keep each in a file of its own."""
    bugs = [catalogue.find(slug) for slug in slugs] or list(catalogue.with_check())
    where = provenance.collect("emu")
    rows = {bug.slug: row for bug in bugs if resume and (row := kept(bug, where))}
    missing = [bug for bug in bugs if bug.slug not in rows]
    folders = (emulated.LOCAL, emulated.PUBLISHED) if publish else (emulated.LOCAL,)
    for bug in bugs if publish else ():
        if bug.slug in rows:
            emulated.write(emulated.PUBLISHED, KIND, bug.slug, where, made_of.of_check(bug), rows[bug.slug])
    for bug, row in measured(missing):  # each is stored as soon as it is there
        rows[bug.slug] = row
        for folder in folders:
            emulated.write(folder, KIND, bug.slug, where, made_of.of_check(bug), row)
    shown = [rows[bug.slug] for bug in bugs]
    problems = {row["snippet"]: found for row in shown if (found := problems_of(row, catalogue.find(row["snippet"])))}
    if as_json:
        click.echo(json.dumps({"schema": 1, "provenance": where, "rows": shown}, indent=1, sort_keys=True))
    else:
        _print(shown, problems)
        folder = (emulated.PUBLISHED if publish else emulated.LOCAL).relative_to(ROOT)
        counted = f"{len(missing)} measured, {len(shown) - len(missing)} kept from before"
        click.echo(f"{counted}; stored in {folder}/{KIND}, one file a bug")
    return 1 if problems else 0


def kept(bug, where: dict) -> dict | None:
    """The row that this machine measured before with the same check, fault, device and environment."""
    path = emulated.path_of(emulated.LOCAL, KIND, bug.slug)
    if not path.exists():
        return None
    try:
        document = emulated.read_one(path)
    except results.BadResults as error:
        click.echo(f"{error}; it is measured again.", err=True)
        return None
    same = provenance.same_environment(document["provenance"], where)
    return document["row"] if same and document["made_of"] == made_of.of_check(bug) else None


def measured(bugs: list[Bug]) -> Iterator[tuple[Bug, dict]]:
    """The rows of these bugs, one after the other; without a fault to imitate a row has nothing of the sick device.

    One worker a device: a fault that was once on leaves kernels behind, which the healthy device must not have.
    """
    with ExitStack() as stack, progress("controls", len(bugs)) as step:
        healthy, sick, honest = (
            stack.enter_context(runner.Worker("emu", emulated=mode)) for mode in ("1", "1", "honest")
        )
        for bug in bugs:
            job = runner.Job(bug)
            records = {"healthy": healthy.measure(job)}
            if bug.imitable:
                records["sick"] = sick.measure(runner.Job(bug, (bug.slug,)))
            records["honest"] = honest.measure(job)
            runs = (
                bug.imitable and numerics.deciding(records["healthy"])["outcome"] == "measured"
            )  # else there are no calls to look at
            yield bug, _row(bug, records, healthy.matches(bug) if runs else dict.fromkeys(bug.check.functions, 0))
            step(f"{bug.slug}: {', '.join(f'{mode} {numerics.verdict(record)}' for mode, record in records.items())}")


def _row(bug: Bug, records: dict[str, dict], calls: dict) -> dict:
    healthy, sick, honest = (records.get(mode) for mode in ("healthy", "sick", "honest"))

    def verdicts(record):
        return {name: numerics.verdict(record, name) for name in bug.check.functions}

    attempts = {mode: numerics.deciding(record) for mode, record in records.items()}
    reasons = {mode: attempt["reason"] for mode, attempt in attempts.items() if "reason" in attempt}
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


def _bitwise(record: dict) -> bool | None:
    """Whether the device gave the CPU's very bits; None for a random sample, which has no bits to compare."""
    attempt = numerics.deciding(record)
    if attempt["outcome"] != "measured":
        return False
    numbers = attempt["functions"].values()
    if any("p_value" in n for n in numbers):
        return None
    return all(output.get("equals_cpu", False) for n in numbers for output in n["outputs"])


def _ratio(record: dict, names) -> float | str | None:
    """The largest error ratio of these functions; None where no ratio is defined (a random sample, no run)."""
    functions = numerics.deciding(record)["functions"]
    numbers = [functions[name] for name in names if name in functions]
    ratios = [numerics.error_ratio(n) for n in numbers if numerics.has_ratio(n)]
    return numerics.number(max(ratios)) if ratios else None


def problems_of(row: dict, bug) -> list[str]:
    """What is not as it must be for this row, in words; empty if the check works."""
    problems = [f"{mode}: {reason}" for mode, reason in row.get("reasons", {}).items()]
    for mode in ("healthy", "honest"):
        problems += [f"{mode} {name}: {v}, must agree" for name, v in row[mode].items() if v != "agrees"]
    if row["healthy_bitwise"] is False:
        problems.append("healthy: not bit for bit the CPU's result")
    if not bug.imitable:
        return problems
    if row["sick"]["compute"] not in numerics.SICK:
        problems.append(f"sick compute: {row['sick']['compute']}, must be caught")
    problems += [f"sick {n}: {v}, must agree" for n, v in row["sick"].items() if n != "compute" and v != "agrees"]
    if bug.check.exempt is None:
        if not row["calls"].get("compute"):
            problems.append("the trigger matches no call of compute")
        problems += [f"the trigger matches {c} call(s) of {n}" for n, c in row["calls"].items() if n != "compute" and c]
    return problems


BITS = {True: "equal", False: "differ", None: "random"}


def lines_of(row: dict) -> list[str]:
    """A row in words: what ran healthy, then what ran sick."""

    def worst(mode: str) -> str:
        return next((v for v in row[mode].values() if v != "agrees"), "agrees")

    ratio = "" if row["honest_ratio"] is None else f", ratio {numerics.as_float(row['honest_ratio']):.2g}"
    calls = "/".join(str(count) for count in row["calls"].values())
    return [
        row["snippet"],
        f"healthy: {worst('healthy')}, bits {BITS[row['healthy_bitwise']]}; honest: {worst('honest')}{ratio}",
        f"sick: {', '.join(f'{name} {verdict}' for name, verdict in row['sick'].items())}; trigger {calls}"
        if row["sick"]
        else "sick: not imitated, no trigger or effect is known",
    ]


def _print(rows, problems) -> None:
    console.print("Controls: the checks checked (emulated)", markup=False)
    for row in rows:
        slug, *found = lines_of(row)
        console.print(slug, markup=False)
        for line in found:
            console.print(Padding(line, (0, 0, 0, 2), expand=False), markup=False)
    for slug, found in problems.items():
        console.print(f"NOT AS EXPECTED {slug}: {'; '.join(found)}", markup=False)
    passed = len(rows) - len(problems)
    console.print(f"{passed} of {len(rows)} checks work: healthy and honest agree, the fault is caught, cures cure.")
