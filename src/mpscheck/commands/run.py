"""`mpscheck run`: measure snippets on a device and store the numbers."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten

import click

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.commands import consent
from mpscheck.known import measured as measurements
from mpscheck.known.expected import expected_on
from mpscheck.known.measured import Index
from mpscheck.places import shown
from mpscheck.progress import progress
from mpscheck.runs import canaries, fitness, numerics, provenance, results, runner, slim, stop
from mpscheck.runs.journal import SUFFIX, Journal, is_record, split


def main(names, device, out, publish, yes, resume, timeout, memory, deadline, as_json) -> int:
    until = time.monotonic() + 60 * deadline
    with stop.at_safe_points():
        named = dict.fromkeys(names)
        bugs = [catalogue.read(Path(name)) if name.endswith(".py") else catalogue.find(name) for name in named]
        bugs = bugs or list(catalogue.with_check())
        device = device or provenance.best_device()
        if device.split(":")[0] == "emu":
            os.environ.setdefault("MPSCHECK_EMU", "1")
        with runner.Worker(device, timeout, int(memory * 2**30), until=until, known_good=canaries.NAMES) as worker:
            try:
                missing = missing_device(device, worker)
            except KeyboardInterrupt:
                missing = "Stopped before anything was measured."
            if missing:
                click.echo(missing, err=True)
                return 2
            where = provenance.collect(device)
            if publish and not consent.agreed(where, len(bugs), yes):
                return 2
            folder = results.UNVERIFIED if publish else results.LOCAL
            run_file = Path(out) if out else folder / f"{provenance.run_id(where)}.json"
            earlier = earlier_runs(bugs, where)
            run, new = measure(bugs, where, run_file, resume, worker, earlier)
    if as_json:
        click.echo(json.dumps(run))
    status = summary(bugs, run, new, run_file, earlier, quiet=as_json)
    if publish and run_file.exists():
        click.echo(f'To send it, attach {shown(run_file)} to the issue form "A run from my Mac", unchanged.', err=True)
    return status


def missing_device(device: str, worker: runner.Worker) -> str | None:
    """One sentence, with torch's own words, if it cannot use the device."""
    reason = worker.lacking_device()
    return reason and (
        f"This torch has no device {device!r} that it can use ({shorten(reason, 200, placeholder=' …')}): leave out "
        "--device to take the best one here, or say --device emu."
    )


def measure(bugs, where, run_file, resume, worker, earlier: Index) -> tuple[dict, list[dict]]:
    """The run, and its records that are new. The run file is there when this returns, but where nothing was measured."""
    jobs = {job.key: job for bug in bugs for job in runner.jobs_of(bug)}
    with Journal(run_file, where, resume) as journal:
        old, looks = kept(journal, run_file, where) if resume else ([], [])
        named = {bug.slug for bug in bugs}
        records = [
            record
            for record in old
            if record["snippet"] not in named or (runner.key_of(record) in jobs and numerics.is_complete(record))
        ]
        done = {runner.key_of(record) for record in records}
        left = [job for key, job in jobs.items() if key not in done]
        new, more = split(measured(left, where, worker, len(records), journal, earlier) if left else ())
        run = results.document(where, [*records, *new], [*looks, *more])
        if numerics.measured_anything(run):
            journal.finish(run)
        return run, new


def measured(
    jobs: list[runner.Job], where: dict, worker, before: int, journal: Journal, earlier: Index
) -> Iterator[dict]:
    """Records and canaries as they come, each in the journal before it is given. Ctrl-C and SIGTERM end the command."""
    asked, done = {job.bug.slug: job.bug for job in jobs}, 0

    def doubtful(record: dict) -> bool:
        bug = asked[record["snippet"]]
        return expected_on(bug, where, earlier).is_doubtful(numerics.finding(record, bug.kind))

    with progress(f"measuring on {where['device']}", len(jobs)) as step:
        try:
            for entry in worker.run(jobs, doubtful, before):
                entry = journal.append(entry)
                yield entry
                if is_record(entry):
                    done += 1
                    step(f"{entry['snippet']} in {entry['dtype']}: {numerics.verdict(entry)}")
        except KeyboardInterrupt:
            count = f"{before + done} of {before + len(jobs)}"
            click.echo(f"\nStopped; {count} are kept in {journal.path.name}: go on with --resume.", err=True)
            raise SystemExit(2) from None


def kept(journal: Journal, run_file: Path, where: dict) -> tuple[list[dict], list[dict]]:
    """Records and canaries of the same environment: of the run file, and of an interrupted run."""
    entries = []
    try:
        old = results.read(run_file) if run_file.exists() else None
    except results.BadResults as error:
        if not run_file.is_relative_to(results.LOCAL):
            raise  # a file that somebody named is not overwritten
        click.echo(f"{error}; all is measured again.", err=True)
        old = None
    if old and provenance.same_environment(old["provenance"], where):
        entries = [*old["records"], *old["canaries"]]
    records, canaries = split([*entries, *journal.entries])
    return list({runner.key_of(record): record for record in records}.values()), canaries


def earlier_runs(bugs, where: dict) -> Index:
    """What the published runs with the same torch gave, for a machine that has runs before: a runner with a name."""
    if where["runner"] is None:
        return measurements.NONE
    return measurements.index(bugs, dict(slim.read(results.RUNS, f"mps*_torch{where['torch']}_*.json")))


def summary(bugs, run: dict, new: list[dict], run_file: Path, earlier: Index, quiet: bool) -> int:
    """Say in plain words what came out; 1 if something is not as expected, 2 if there is nothing to say of any bug."""
    where, surprises, fit = run["provenance"], [], fitness.fitness(run)
    for bug in bugs:
        own = [record for record in run["records"] if record["snippet"] == bug.slug]
        own.sort(key=lambda record: bug.check.dtypes.index(record["dtype"]))
        hindrance = fit.hindrance(bug)
        findings = {record["dtype"]: fitness.verdict(fit, bug, record) for record in own}
        found, expected = numerics.worst(findings.values()), expected_on(bug, where, earlier)
        record = next(record for record in own if findings[record["dtype"]] == found)
        note = "" if expected.words == "unknown" else f"   (expected: {expected.words})"
        if not quiet:
            reason = hindrance.reason if hindrance else numerics.reason(record, bug.kind)
            dtypes = "" if bug.check.dtypes == ("float32",) else f" in {told(findings)}"
            said = "; ".join([*([reason] if reason else []), *([] if hindrance else rarity(record, bug))])
            click.echo(f"{found:14} {bug.slug}{dtypes}{note}{f'   {said}' if said else ''}")
        if expected.is_surprise(found):
            surprises.append(bug.slug)
    if not numerics.measured_anything(run):
        journal = shown(run_file.with_suffix(SUFFIX))
        click.echo(f"NOTHING WAS MEASURED on {where['device']}: what happened stands in {journal}.", err=True)
        return 2
    if not quiet:
        click.echo(f"{counted(run, new)}; stored in {shown(run_file)}")
    if fit.unfit:
        click.echo(f"UNFIT: this run says nothing of any bug: {fit.unfit}", err=True)
        return 2
    if surprises:
        click.echo(f"NOT AS EXPECTED: {', '.join(surprises)}", err=True)
    return 1 if surprises else 0


def counted(run: dict, new: list[dict]) -> str:
    """`3 measured on mps, torch 2.8.0; 1 without a number; 12 kept from before`"""
    measured = sum(map(numerics.has_numbers, new))
    parts = [f"{measured} measured on {run['provenance']['device']}, torch {run['provenance']['torch']}"]
    parts += [f"{len(new) - measured} could not be measured"] if measured < len(new) else []
    before = len(run["records"]) - len(new)
    return "; ".join([*parts, *([f"{before} kept from before"] if before else [])])


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
