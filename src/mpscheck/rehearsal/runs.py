"""The made-up runs: each check on each set-up of the plan, as the schema of run files has them but for one word."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from mpscheck.bugs.bug import Bug
from mpscheck.rehearsal import planted, records
from mpscheck.runs import canaries, numerics, provenance, results

MARKER = "rehearsal"  # the kind of evidence of each made-up run; the schema of published runs does not have it
SAID = "Rehearsal: these numbers are made up."
BETWEEN = 20  # records
ADDRESS = "https://github.com/example/made-up/actions/runs/1"


def schema() -> str:
    """The schema of made-up runs: that of run files, but no run of any other kind of evidence."""
    data = json.loads(results.SCHEMA.read_text(encoding="utf-8"))
    where = data["$defs"]["provenance"]
    where["properties"]["evidence"] = {"const": MARKER}
    for word in ("if", "then", "else"):  # which evidence a device gives
        del where[word]
    return json.dumps(data, indent=1) + "\n"


def made(plan: planted.Plan, bugs: tuple[Bug, ...]) -> Iterator[tuple[str, dict]]:
    """(`<folder>/<name>.json`, run) of each set-up. Measures each check on the emulated device first."""
    seen = sorted(records.measured(bugs), key=lambda one: (one.bug.slug, one.dtype))
    for setup in plan.setups:
        where = provenance_of(setup, plan.machines[setup.machine])
        found = [_record(one, plan, setup, where) for one in seen]
        for place, record in enumerate(found):
            record["attempts"][0] = record["attempts"][0] | {
                "before": [r["snippet"] for r in found[max(0, place - 8) : place]]
            }
        failing = {f.kind for case in plan.cases if case.snippet is None for f in case.found if f.is_in(setup)}
        run = results.document(where, found, tuple(canaries_around(len(found), failing)))
        if setup.folder == "runs":  # else nobody vouches for it
            run["published"] = {"address": where["address"], "sha256": "0" * 64}
        yield f"{setup.folder}/{provenance.run_id(where)}.json", run


def provenance_of(setup: planted.Setup, machine: dict) -> dict:
    """Where a made-up run was not made."""
    named = {name: value for name, value in machine.items() if name != "lacks"}
    ours = setup.folder == "runs"
    return {
        "evidence": MARKER,
        "date": setup.date,
        "torch": setup.torch,
        "torch_git": hashlib.sha1(setup.torch.encode()).hexdigest(),
        "python": "3.11.9",
        "packages": {"numpy": "2.4.6"},
        "device": "mps",
        "system": "Darwin",
        "runner": None,
        "image": None,
        "commit": hashlib.sha1(b"made up").hexdigest(),
        "address": ADDRESS if ours else None,
        "variables": {},
    } | named


def _record(seen: records.Seen, plan: planted.Plan, setup: planted.Setup, where: dict) -> dict:
    """What a case plants here, else what the GPU lacks, else what is said of the bug."""
    names = (setup.torch, setup.machine)
    for case in plan.cases:
        for found in case.found:
            if case.snippet == seen.bug.slug and found.is_in(setup) and found.dtype in (None, seen.dtype):
                planted_here = records.record(seen, found.kind, *names, reason=found.reason, stderr=found.stderr)
                return _tried_again(seen, planted_here, where)
    if seen.dtype in plan.machines[setup.machine].get("lacks", ()):
        lacking = records.record(seen, "unsupported", reason=f"TypeError: {seen.dtype} is not supported on this GPU")
        return _tried_again(seen, lacking, where)
    return _tried_again(seen, records.record(seen, "sick" if is_sick(seen, where) else "right", *names), where)


def is_sick(seen: records.Seen, where: dict) -> bool:
    """What is said of the bug here; where that is unknown every second bug is wrong, on all such set-ups."""
    said = seen.bug.state(where["torch"], where["macos"])
    return said == "affected" or (said == "unknown" and zlib.crc32(seen.bug.slug.encode()) % 2 == 0)


def _tried_again(seen: records.Seen, record: dict, where: dict) -> dict:
    """Whatever does not agree is there twice, as a run confirms it in a fresh process; what agrees against the claim too."""
    attempts, found = record["attempts"], numerics.finding(record, seen.bug.kind)
    said = seen.bug.state(where["torch"], where["macos"])
    again = said == "affected" if found == "agrees" else found not in ("not-run", "unfit")
    return record | {"attempts": attempts * (1 + (again and len(attempts) == 1))}


def canaries_around(count: int, failing: Iterable[str]) -> Iterator[dict]:
    """The known-good calls around so many records, of which those named fail each time; between them the machine's."""
    for after in sorted({*range(0, count, BETWEEN), count}):
        for canary in canaries.MACHINE + (canaries.OPS if after in (0, count) else ()):
            yield {"name": canary.name, "after": after, "attempt": _call(canary.name in failing)}


def _call(fails: bool) -> dict:
    """An attempt at a known-good call: exact, or zeros."""
    size = {"rms": 1.0, "max": 3.5}
    error = size if fails else {"rms": 0.0, "max": 0.0}
    first = {"index": [0, 0], "cpu": 1.5, "device": 0.0, "exact": 1.5} if fails else None
    output = {
        "shape": [64, 33],
        "dtype": "float32",
        "eps": 2.0**-23,
        "exact": size,
        "cpu": {"rms": 0.0, "max": 0.0, "nan": 0, "inf": 0},
        "device": error | {"nan": 0, "inf": 0, "misplaced": 0, "new_nan": 0, "wrong": 64 * 33 * fails},
        "spread": {"rms": 0.0, "max": 0.0, "misplaced": 0},
        "repeats_equal": True,
        "equals_cpu": not fails,
        "first_wrong": first,
    }
    functions = {"compute": {"outputs": [output], "repeats": 3, "seconds": 0.001}}
    return {"outcome": "measured", "before": [], "functions": functions}


def few(bugs: tuple[Bug, ...]) -> tuple[Bug, ...]:
    """Those of the planted cases, and each tenth of the others that are quick to run: enough to test the pages with."""
    planted_ones = {case.snippet for case in planted.load().cases}
    others = [bug for bug in bugs if bug.slug not in planted_ones and not bug.apart]
    return tuple(bug for bug in bugs if bug.slug in planted_ones or bug in others[::10])


def write(folder: Path, bugs: tuple[Bug, ...]) -> int:
    """Write all runs of these checks and their schema below a folder; how many runs."""
    results.write_atomic(folder / "schema.json", schema())
    plan = planted.load()
    for name, run in made(plan, bugs):
        results.write_atomic(folder / name, json.dumps(run, indent=1, sort_keys=True, allow_nan=False) + "\n")
    return len(plan.setups)
