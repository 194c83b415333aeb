"""`mpscheck sweep`: call every op in every layout on a device, and find what is wrong there, also what nobody reported."""

import contextlib
import os
import re
import time
from pathlib import Path

import click

from mpscheck.known import wheels
from mpscheck.places import shown
from mpscheck.progress import progress
from mpscheck.runs import provenance, results, stop
from mpscheck.sweep import report, runner
from mpscheck.sweep.database import in_order
from mpscheck.sweep.log import Log

FOLDER = results.LOCAL / "sweep"
PROCESSES = 2


def main(names, device, out, minutes, seed, resume, shard, processes) -> int:
    """0: nothing is wrong; 1: something is; 2: could not run."""
    part = shard_of(shard)
    if not minutes > 0 or processes < 1:
        raise results.BadResults("--minutes and --processes are numbers above 0")
    device = device or provenance.best_device()
    if device.split(":")[0] == "emu":
        os.environ.setdefault("MPSCHECK_EMU", "1")
    until = time.time() + 60 * minutes
    with stop.at_safe_points():
        try:
            return swept(names, device, out, until, seed, resume, part, processes)
        except KeyboardInterrupt:
            click.echo("\nStopped. What was done is kept: the same command with --resume goes on.", err=True)
            return 2


def shard_of(text: str) -> tuple[int, int]:
    """`2/3`: the second of three parts. Raises BadResults."""
    match = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", text)
    if match is None or int(match[1]) > int(match[2]):
        raise results.BadResults(f"--shard is I/N, such as 1/3, and not {results.printable(text)!r}")
    return int(match[1]), int(match[2])


def swept(names, device, out, until, seed, resume, shard, processes) -> int:
    """Sweep, find out about what was found, and say it."""
    with runner.Pool(device) as warm:
        return swept_by(warm, names, device, out, until, seed, resume, shard, processes)


def swept_by(warm: runner.Pool, names, device, out, until, seed, resume, shard, processes) -> int:
    """The same, with a process that is warm."""
    try:
        there = runner.names_of(warm)
    except runner.NoDevice as reason:
        raise results.BadResults(f"this torch has no device {device!r} that it can use ({reason})") from None
    wanted = chosen(there, names, seed, shard)
    where, options = provenance.collect(device), {"seed": seed, "shard": list(shard), "names": sorted(names)}
    suffix = f"_seed{seed}" + (f"_part{shard[0]}of{shard[1]}" if shard[1] > 1 else "")
    path = Path(out) if out else FOLDER / f"{provenance.run_id(where)}{suffix}.json"
    with Log(path, where, options, resume) as log:
        left = [name for name in wanted if name not in log.entries]
        with progress(f"sweeping {device}", len(left)) as step:
            for entry in runner.sweep(left, warm, seed, processes, until):
                log.append(entry)
                step(f"{entry['entry']}: {entry['wrong'] or 'nothing'} wrong")
        done = [log.entries[name] for name in wanted if name in log.entries]
        groups = explained(done, device, seed, processes, where)
        unreached = [name for name in wanted if name not in log.entries]
        document = report.document(where, options, done, groups, unreached)
        log.finish(document)
    return summary(document, path)


def chosen(there: list[str], names, seed: int, shard: tuple[int, int]) -> list[str]:
    """The entries to sweep, in order; a name stands for all that begin with it. Raises BadResults."""
    for name in names:
        if not any(one.startswith(name) for one in there):
            raise results.BadResults(f"no op that is swept begins with {results.printable(name)!r}")
    some = [one for one in there if not names or any(one.startswith(name) for name in names)]
    part, parts = shard
    return in_order(some, seed)[part - 1 :: parts]


def explained(entries: list[dict], device: str, seed: int, processes: int, where: dict) -> list[dict]:
    """The groups of what was found, each with all that could be found out about it."""
    wrong = [entry for entry in entries if entry["findings"]]
    by_entry = {}
    if wrong:
        with progress("which op is wrong", len(wrong)) as step:
            for name, by_op in runner.diagnosed(wrong, device, seed, processes):
                by_entry[name] = by_op
                step(f"{name}: {', '.join(by_op)}")
    groups = report.grouped(by_entry)
    if groups:
        with progress("when it is wrong", len(groups)) as step:
            for group in runner.described(groups, device, seed, processes):
                group["declared"] = declared(group, where)
                group["status"] = report.status(group, group["declared"])
                step(f"{group['op']}: {group['status']}")
    return groups


def declared(group: dict, where: dict) -> list[str]:
    """The lists of expected failures of PyTorch's own tests, in the wheel of this release for macOS, that name it."""
    read = wheels.load(where["torch"].split("+")[0]) if where["device"].split(":")[0] == "mps" else None
    lists = (read and read.expected_failures) or {}
    names = {entry.split("/")[-1] for entry in group["entries"]} | {group["op"]}
    return sorted(name for name, ops in lists.items() if names & set(ops))


def summary(document: dict, path: Path) -> int:
    """Say what came out."""
    for group in document["groups"]:
        click.echo(report.said(group) + "\n")
    counts = document["counts"]
    cases = sum(counts.values())
    click.echo(
        f"{cases:,} calls of {document['entries']} ops on {document['provenance']['device']}, "
        f"{counts.get('wrong', 0):,} wrong in {len(document['groups'])} groups; "
        f"{counts.get('refused', 0):,} refused by the device; stored in {shown(path)}"
    )
    for name, reason in document["given_up"].items():
        click.echo(f"GIVEN UP on {name}: {reason}", err=True)
    if document["unreached"]:
        click.echo(f"NOT REACHED in this time: {len(document['unreached'])} ops.", err=True)
    with contextlib.suppress(OSError):
        write_issues(document, path)
    return 1 if document["groups"] else 0


def write_issues(document: dict, path: Path) -> None:
    """For each new finding with a program: a text for an issue, beside the report."""
    for group in document["groups"]:
        text = report.issue(group, document["provenance"]) if group["status"] == "new" else ""
        if text:
            results.write_atomic(path.with_suffix("") / f"{group['op']}.md", text)
