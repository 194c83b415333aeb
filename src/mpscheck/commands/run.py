"""`mpscheck run`: measure snippets on a device and store the numbers."""

import json
import os
from pathlib import Path

import click

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.known import measured as measurements
from mpscheck.known.expected import expected_on
from mpscheck.known.measured import Index
from mpscheck.places import shown
from mpscheck.progress import progress
from mpscheck.runs import fitness, numerics, provenance, results, runner, slim


def main(names, device, out, publish, resume, timeout, memory, as_json) -> int:
    bugs = [catalogue.read(Path(name)) if name.endswith(".py") else catalogue.find(name) for name in names]
    bugs = bugs or list(catalogue.with_check())
    device = device or provenance.best_device()
    if device.split(":")[0] == "emu":
        os.environ.setdefault("MPSCHECK_EMU", "1")
    missing = missing_device(device)
    if missing:
        click.echo(missing, err=True)
        return 2
    where = provenance.collect(device)
    run_file = (
        Path(out) if out else (results.UNVERIFIED if publish else results.LOCAL) / f"{provenance.run_id(where)}.json"
    )
    records, measured = measure(bugs, where, run_file, resume, timeout, int(memory * 2**30))
    if as_json:
        click.echo(json.dumps(results.read(run_file)))
    return summary(bugs, records, measured, where, run_file, quiet=as_json)


def missing_device(device: str) -> str | None:
    """One sentence if this torch cannot use the device, asked in a process of its own."""
    import subprocess
    import sys

    code = f"import torch; torch.ones(1, device={device!r})"
    if subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0:
        return None
    return f"This torch has no device {device!r}: leave out --device to take the best one here, or say --device emu."


def measure(bugs, where, run_file, resume, timeout, memory_limit) -> tuple[list[dict], int]:
    """All records, and how many of them were measured now; the run file is complete when this returns."""
    journal = results.Journal(run_file, where)
    kept = reusable(bugs, journal, run_file, where) if resume else []
    done = {runner.key_of(record) for record in kept}
    jobs = [job for bug in bugs for job in runner.jobs_of(bug) if job.key not in done]
    if not jobs:
        return kept, 0
    journal.start(kept)
    records = list(kept)
    with progress(f"measuring on {where['device']}", len(jobs)) as step:

        def on_record(record: dict) -> None:
            journal.append(record)
            records.append(record)
            step(f"{record['snippet']} in {record['dtype']}: {numerics.verdict(record)}")

        try:
            runner.run(jobs, where["device"], timeout=timeout, memory_limit=memory_limit, on_record=on_record)
        except KeyboardInterrupt:
            click.echo(
                f"\nStopped; {len(records)} of {len(jobs) + len(kept)} are kept in {journal.path.name}: go on with --resume.",
                err=True,
            )
            raise SystemExit(2) from None
    journal.finish(records)
    return records, len(jobs)


def reusable(bugs, journal, run_file, where) -> list[dict]:
    """Records of the same snippets, same code, same environment: from the run file and from an interrupted run."""
    wanted = {job.key for bug in bugs for job in runner.jobs_of(bug)}
    found = {}
    try:
        old = results.read(run_file) if run_file.exists() else None
    except results.BadResults as error:
        if not run_file.is_relative_to(results.LOCAL):
            raise  # a file that somebody named is not overwritten
        click.echo(f"{error}; all is measured again.", err=True)
        old = None
    if old and provenance.same_environment(old["provenance"], where):
        found |= {runner.key_of(r): r for r in old["records"]}
    found |= {runner.key_of(r): r for r in journal.recover()}
    return [record for key, record in found.items() if key in wanted]


def earlier_runs(bugs, where: dict) -> Index:
    """What the published runs with the same torch gave, for a machine that has runs before: a runner with a name."""
    if where["runner"] is None:
        return measurements.NONE
    return measurements.index(bugs, dict(slim.read(results.RUNS, f"mps*_torch{where['torch']}_*.json")))


def summary(bugs, records, measured: int, where: dict, run_file: Path, quiet: bool) -> int:
    """Say in plain words what came out; 1 if something is not as expected, 2 if the machine was not fit to say anything."""
    surprises, earlier = [], earlier_runs(bugs, where)
    fit = fitness.fitness(results.read(run_file))
    for bug in bugs:
        own, hindrance = [record for record in records if record["snippet"] == bug.slug], fit.hindrance(bug)
        findings = {record["dtype"]: fitness.verdict(fit, bug, record) for record in own}
        found, expected = numerics.worst(findings.values()), expected_on(bug, where, earlier)
        record = next(record for record in own if findings[record["dtype"]] == found)
        note = "" if expected.words == "unknown" else f"   (expected: {expected.words})"
        if not quiet:
            reason = hindrance.reason if hindrance else numerics.deciding(record).get("reason")
            dtypes = "" if bug.check.dtypes == ("float32",) else f" in {told(findings)}"
            said = "; ".join([*([reason] if reason else []), *([] if hindrance else rarity(record, bug))])
            click.echo(f"{found:14} {bug.slug}{dtypes}{note}{f'   {said}' if said else ''}")
        if expected.is_surprise(found):
            surprises.append(bug.slug)
    if not quiet:
        kept = f"; {len(records) - measured} kept from before" if measured < len(records) else ""
        click.echo(
            f"{measured} measured on {where['device']}, torch {where['torch']}{kept}; stored in {shown(run_file)}"
        )
    if fit.unfit:
        click.echo(f"UNFIT: this run says nothing of any bug: {fit.unfit}", err=True)
        return 2
    if surprises:
        click.echo(f"NOT AS EXPECTED: {', '.join(surprises)}", err=True)
    return 1 if surprises else 0


def told(findings: dict[str, str]) -> str:
    """`float16 (wrong), bfloat16 (agrees)`"""
    return ", ".join(f"{dtype} ({found})" for dtype, found in findings.items())


def rarity(record: dict, bug: Bug) -> list[str]:
    """Of a check that is repeated: how many runs were wrong, and if none was, what that could have missed."""
    numbers = numerics.deciding(record)["functions"].get("compute", {})
    if "wrong_runs" not in numbers:
        return []
    wrong, repeats = numbers["wrong_runs"], numbers["repeats"]
    said = f"{wrong} of {repeats} runs wrong"
    if wrong:
        return [said]
    rate = bug.check.rate or numerics.rate_seen(repeats)
    seen = 1 - numerics.chance_of_missing(rate, repeats)
    return [f"{said}; what is wrong in {rate:.2%} of runs would have shown with a chance of {seen:.2%}"]
