"""`mpscheck sweep-proof`: which imitated faults does the sweep find, and how many triggers does it infer rightly?"""

import json
import os
from pathlib import Path

import click

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.progress import progress
from mpscheck.runs import emulated, made_of, provenance, results, stop
from mpscheck.runs.process import Died, Failed, Late
from mpscheck.sweep import proof, runner
from mpscheck.sweep.database import all_entries, in_order

KIND = "sweep"
LIMIT = 240.0  # seconds for one fault


def main(slugs, publish: bool, resume: bool, processes: int) -> int:
    """0: all rows are there; 2: stopped."""
    bugs = [catalogue.find(slug) for slug in slugs] or [bug for bug in catalogue.with_check() if bug.imitable]
    for bug in bugs:
        if not bug.imitable:
            raise catalogue.UnknownBug(f"{bug.slug} is not imitated: {bug.not_imitated}")
    os.environ.setdefault("MPSCHECK_EMU", "1")
    where, rows = provenance.collect(proof.DEVICE), {}
    folders: list[Path] = [emulated.LOCAL, *[emulated.PUBLISHED] * publish]
    for bug in bugs if resume else ():
        if row := emulated.kept((emulated.LOCAL, emulated.PUBLISHED), KIND, bug.slug, where, made_of.of_sweep(bug)):
            rows[bug.slug] = row
    left = [bug for bug in bugs if bug.slug not in rows]
    try:
        with stop.at_safe_points(), progress("faults", len(left)) as step:
            reached = reach(processes) if left else {}
            for row in proven(left, reached, processes):
                rows[row["fault"]] = row
                for folder in folders:
                    bug = catalogue.find(row["fault"])
                    emulated.write(folder, KIND, bug.slug, where, made_of.of_sweep(bug), row)
                step(f"{row['fault']}: {said(row)}")
    except KeyboardInterrupt:
        click.echo("Stopped. What was measured is kept: the same command with --resume goes on.", err=True)
        return 2
    click.echo(summary([rows[bug.slug] for bug in bugs]))
    return 0


def reach(processes: int) -> dict[str, list[str]]:
    """The aten ops that each entry reaches on the healthy device; kept until an entry changes."""
    made = {
        "entries": made_of.digest(
            made_of.code(f"sweep/{name}.py") for name in ("entries", "recipes", "database", "layouts")
        ),
        "torch": provenance.collect(proof.DEVICE)["torch"],
    }
    kept = emulated.LOCAL / "sweep-reach.json"
    if kept.exists() and (found := json.loads(kept.read_text("utf-8")))["made_of"] == made:
        return found["reach"]
    with runner.Pool(proof.DEVICE) as pool:
        names = in_order(runner.names_of(pool), 0)

    def one(pool: runner.Pool, name: str) -> tuple[str, list[str]]:
        try:
            return name, pool.call(proof.reach, name)
        except (Died, Late, Failed):
            return name, []

    with progress("what is reached", len(names)) as step:
        found = {}
        for name, ops in runner.Several(proof.DEVICE, processes).each(names, one):
            found[name] = ops
            step(name)
    reached = {name: found[name] for name in names}
    results.write_atomic(kept, json.dumps({"made_of": made, "reach": reached}))
    return reached


def proven(bugs: list[Bug], reached: dict[str, list[str]], processes: int):
    """The row of each fault."""

    def one(pool: runner.Pool, bug: Bug) -> dict:
        ops = {op for trigger in bug.triggers for op in trigger.ops}
        names = sorted((n for n, there in reached.items() if ops & set(there)), key=lambda n: nearness(n, ops))
        for fresh in (False, True):  # an earlier fault may have left the memory of the process in ruins
            try:
                return pool.call(proof.prove, bug.slug, names, 0, fresh=fresh, limit=LIMIT)
            except (Died, Late, Failed) as error:
                ended = runner.words(error)
        return {"fault": bug.slug, "found": False, "entries": len(names), "ended": ended}

    yield from runner.Several(proof.DEVICE, processes).each(bugs, one)


def nearness(name: str, ops: set[str]) -> int:
    """Entries that are about one of the ops first, our own of these before the others."""
    own = all_entries()[name].op.rpartition(".")[2].rstrip("_")
    return (own not in ops) * 2 + (not name.startswith("own/"))


def said(row: dict) -> str:
    """What came of a fault, in a few words."""
    if not row["found"]:
        return row.get("ended", f"not found in {row['entries']} entries")
    parts = ["found", "named" if row["named"] else "not named"]
    parts.append("trigger inferred" if row["inferred"] else f"another trigger, of {row['op']}")
    return ", ".join(parts)


def summary(rows: list[dict]) -> str:
    """The shares."""
    found = [row for row in rows if row["found"]]
    lines = [f"{len(found)} of {len(rows)} faults found ({len(found) / max(1, len(rows)):.0%})"]
    for name, words in (("named", "named"), ("inferred", "trigger rightly inferred")):
        some = sum(row[name] for row in found)
        lines.append(f"{words}: {some} of {len(found)} ({some / max(1, len(found)):.0%})")
    lines.append("not found: " + (", ".join(row["fault"] for row in rows if not row["found"]) or "none"))
    return "\n".join(lines)
