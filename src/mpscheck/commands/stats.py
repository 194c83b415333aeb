"""`mpscheck stats`: how many bugs are known, by family, kind, evidence and versions, and what is known on the newest release."""

import json
from collections import Counter

import click

from mpscheck.bugs import catalogue, encounters
from mpscheck.known import evidence, measured, releases
from mpscheck.known.entry import Entry, entries
from mpscheck.runs import results, slim


def main(as_json: bool) -> int:
    """0 always; what is wrong with an input ends in one sentence and exit code 2."""
    bugs = catalogue.all_bugs()
    index = measured.index(bugs, dict(slim.read(results.RUNS)), dict(slim.read(results.UNVERIFIED)))
    known = entries(bugs, encounters.load(), index, evidence.read_controls())
    checks = counts([entry for entry in known if entry.has_check])
    threads = counts([entry for entry in known if not entry.has_check])
    if as_json:
        click.echo(json.dumps({"with_check": checks, "threads_alone": threads}, indent=1))
        return 0
    click.echo(f"{len(known)} bugs\n\n{'with a check':>12}  {'from threads alone':>18}")
    click.echo(f"{checks['bugs']:12}  {threads['bugs']:18}  bugs")
    for name in ("family", "kind", "evidence", "versions", "newest release"):
        click.echo(f"\nby {name}" + (f", {releases.load()[-1].version}" if name == "newest release" else ""))
        for value in sorted(checks[name] | threads[name]):
            click.echo(f"{checks[name].get(value, 0):12}  {threads[name].get(value, 0):18}  {value}")
    return 0


def counts(known: list[Entry]) -> dict:
    """How many bugs there are, and how many of each family, kind and so on. A bug counts under all its kinds of evidence."""
    counted = {
        "family": Counter(entry.bug.family for entry in known),
        "kind": Counter(entry.bug.kind for entry in known),
        "evidence": Counter({kind: sum(kind in entry.kinds for entry in known) for kind in evidence.KINDS}),
        "versions": Counter(versions(entry) for entry in known),
        "newest release": Counter(newest(entry) for entry in known),
    }
    return {"bugs": len(known)} | {name: dict(sorted(found.items())) for name, found in counted.items()}


def versions(entry: Entry) -> str:
    """What is known of the PyTorch releases that have the bug, in words."""
    if not str(entry.bug.affected):
        return "no range"
    return "a range with a known fix" if entry.bug.fixed else "a range, no known fix"


def newest(entry: Entry) -> str:
    """What is known on the newest release, in words; of an unknown one how near it is to affected."""
    last = entry.answers[-1]
    return f"{last.state}: {last.shade}" if last.shade else last.state
