"""What do 10, 100 and 1,000 runs of 400 records cost? Made-up runs in a folder of their own, which is deleted at the end.

    python benchmarks/volume.py [--sizes 10 100 1000]

For each size, in a process of its own: processor time to *read* all run files (JSON, schema), to *cut* them down to slim
runs, to *join* their records with the bugs, to *derive* what is known of each bug on each set-up, and to *write* the rows; and the
most memory that the process had. A column `growth` says what a run costs, against the smallest size: 1.00 is linear.
The records are real ones, of all checks on the emulated device, healthy and sick, each number changed a little, and all
measured by one process, as on a Mac. 1,000 runs take 4 GB of disk and three minutes.

Then by how many bytes a year the repository grows with PyTorch's releases, as files and as git packs them.
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.known import measured as measurements
from mpscheck.known.answer import Answer, answer
from mpscheck.known.setups import Setup
from mpscheck.places import CATALOGUE, ROOT
from mpscheck.runs import keeper, results, slim

RECORDS = 400  # of a run: one a bug
BUDGET_AT, SECONDS, MEGABYTES = 1000, 90, 500  # the budget for so many runs
STEPS = ("read", "cut", "join", "derive", "write")
DISTINCT = 8  # so many runs have numbers of their own; the others repeat them with another provenance
MACOS = {"15.6": "24G90", "26.1": "25B78"}
PUBLISHED = {"published": {"address": "https://github.com/o/r/actions/runs/1", "sha256": "0" * 64}}
START = datetime(2026, 1, 1)
WHERE = {
    "evidence": "measured", "torch_git": None, "python": "3.11.9", "device": "mps", "gpu": "Apple M1", "chip": "Apple M1",
    "system": "Darwin", "mpsgraph": None, "runner": "macos", "variables": {},
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    sizes = sorted(parser.parse_args().sizes)
    records = in_process_of_its_own(measured)
    print(f"{'runs':>6}{'MB':>7}" + "".join(f"{step:>8}" for step in STEPS) + f"{'total':>9}{'growth':>8}{'memory':>9}")
    with tempfile.TemporaryDirectory() as folder:
        first = None
        for size, runs in grown(Path(folder), records, sizes):
            spent, peak = in_process_of_its_own(passed, runs)
            megabytes, total = sum(path.stat().st_size for path in runs.iterdir()) / 1e6, sum(spent.values())
            first = first or total / size
            each = "".join(f"{spent[step]:6.1f} s" for step in STEPS)
            print(f"{size:6}{megabytes:7.0f}{each}{total:7.1f} s{total / size / first:8.2f}{peak:6.0f} MB", flush=True)
            if size == BUDGET_AT:
                print(f"       {total / SECONDS:.0%} of {SECONDS} s, {peak / MEGABYTES:.0%} of {MEGABYTES} MB")
    print_year(records)


def in_process_of_its_own(function, *arguments):
    """What a function gives in a new process: its memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


# ---- made-up runs


def bugs() -> list[Bug]:
    """As many bugs as a run has records: clones of those with a check that needs no special machine."""
    found = [bug for bug in catalogue.with_check() if not bug.check.memory]
    return [
        replace(found[n % len(found)], slug=f"{found[n % len(found)].slug[:70].rstrip('-')}-{n}")
        for n in range(RECORDS)
    ]


def measured() -> dict[str, list[dict]]:
    """By the hash of a check's code: its attempts on the emulated device, healthy, and sick where that can be imitated."""
    os.environ["MPSCHECK_EMU"] = "1"
    from mpscheck.runs import worker

    found = {}
    for bug in catalogue.with_check():
        if not bug.check.memory:
            arguments = (bug.slug, str(bug.check.path), bug.check.functions, "emu", "float32")
            sick = [(bug.slug,)] if bug.imitable else []
            found[bug.check.code_hash] = [worker.run_job(*arguments, faults) for faults in ((), *sick)]
    return found


def made_up(attempts: dict[str, list[dict]], seed: int) -> list[dict]:
    """The records of one run; every eighth of what can be wrong is. The same seed gives the same numbers."""
    draw, records = random.Random(seed), []
    for place, bug in enumerate(bugs()):
        code = bug.check.code_hash
        attempt = attempts[code][-1 if place % 8 == 0 else 0]
        changed = varied(attempt, draw) | {"before": [record["snippet"] for record in records][-keeper.BEFORE :]}
        records.append({"snippet": bug.slug, "code": code, "dtype": "float32", "attempts": [changed]})
    return records


def varied(value, draw: random.Random):
    """The same with each number that is not whole a little smaller: as many digits as there can be, other ones."""
    if isinstance(value, dict):
        return {name: part if name == "eps" else varied(part, draw) for name, part in value.items()}
    if isinstance(value, list):
        return [varied(part, draw) for part in value]
    return value * draw.uniform(0.8, 1) if isinstance(value, float) else value


def provenance(number: int) -> dict:
    """Where the run of a number was made: the set-ups in turns, a run every six hours."""
    versions = [release["version"] for release in releases()]
    macos, virtual, torch = list(product(MACOS, (True, False), versions))[number % (len(versions) * len(MACOS) * 2)]
    made = f"{(START + timedelta(hours=6 * number)).isoformat(timespec='seconds')}+00:00"
    return WHERE | {"date": made, "torch": torch, "macos": macos, "macos_build": MACOS[macos], "virtual": virtual}


def releases() -> list[dict]:
    return json.loads((CATALOGUE / "torch-releases.json").read_text(encoding="utf-8"))


def as_file(run: dict) -> str:
    return json.dumps(run, indent=1, sort_keys=True) + "\n"  # as `results.write` does


def grown(folder: Path, attempts: dict[str, list[dict]], sizes: list[int]) -> Iterator[tuple[int, Path]]:
    """A folder with so many run files, made larger from size to size."""
    texts = [as_file(results.document(provenance(0), made_up(attempts, seed)) | PUBLISHED) for seed in range(DISTINCT)]
    before = json.dumps(provenance(0), indent=1, sort_keys=True).replace("\n", "\n ")
    assert all(before in text for text in texts)
    there = 0
    for size in sizes:
        for number in range(there, size):
            now = json.dumps(provenance(number), indent=1, sort_keys=True).replace("\n", "\n ")
            (folder / f"{number:05}.json").write_text(texts[number % DISTINCT].replace(before, now), encoding="utf-8")
        there = size
        yield size, folder


# ---- what is done with them


def passed(folder: Path) -> tuple[dict[str, float], float]:
    """Seconds of processor time by step, and the most memory, in MB."""
    spent: Counter[str] = Counter()

    @contextmanager
    def step(name: str):
        started = time.process_time()
        yield
        spent[name] += time.process_time() - started

    known, runs = bugs(), {}
    for path in sorted(folder.glob("*.json")):
        with step("read"):
            run = results.read(path)
        with step("cut"):
            runs[path.stem] = slim.slim(run)
    with step("join"):
        index = measurements.index(known, runs)
    with step("derive"):
        rows = [(bug, setup, answer(bug, setup, index)) for bug in known for setup in index.setups(bug.slug)]
    with step("write"), tempfile.TemporaryFile("w") as file:
        for bug, setup, found in rows:
            file.write(json.dumps(row(bug, setup, found)) + "\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return dict(spent), peak / (1e6 if sys.platform == "darwin" else 1e3)


def row(bug: Bug, setup: Setup, found: Answer) -> dict:
    """What is known of a bug on one set-up, with the figures of the newest run that it rests on."""
    newest = found.rests_on[0].record
    return {
        "bug": bug.slug, "setup": str(setup), "state": found.state, "words": found.words, "date": found.date,
        "runs": [m.run for m in found.rests_on], "figures": newest.figures and asdict(newest.figures),
    }  # fmt: skip


# ---- the repository


def print_year(attempts: dict[str, list[dict]]) -> None:
    """What a year of PyTorch adds: each release once on each runner, with as many checks as there are and with RECORDS."""
    days = sorted(date.fromisoformat(release["release_date"]) for release in releases())
    year = [day for day in days if day > days[-1] - timedelta(days=365)]
    runners = json.loads((ROOT / "scripts" / "ci" / "matrix.json").read_text(encoding="utf-8"))["runners"]
    runs = len(year) * len(runners)
    print(f"\nA year to {days[-1]}: {len(year)} releases of torch on {len(runners)} runners: {runs} runs")
    for records in (len(catalogue.with_check()), RECORDS):
        for said, seeds in {"all numbers differ": range(runs), "all are the same": [0] * runs}.items():
            files, packed = stored(attempts, records, list(seeds))
            print(
                f"{records:5} records a run, {said:18}: {files / runs / 1e3:7.0f} kB a file, {files / 1e6:6.1f} MB a year, "
                f"{packed / 1e6:5.1f} MB as git packs them: {packed / runs / 1e3:.0f} kB a run"
            )


def stored(attempts: dict[str, list[dict]], records: int, seeds: list[int]) -> tuple[int, int]:
    """The bytes of so many run files, and of the pack that holds a commit of each."""
    total = 0
    with tempfile.TemporaryDirectory() as folder:

        def git(*arguments: str) -> None:
            subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)

        git("init")
        for number, seed in enumerate(seeds):
            text = as_file(results.document(provenance(number), made_up(attempts, seed)[:records]))
            Path(folder, f"{number:05}.json").write_text(text, encoding="utf-8")
            total += len(text)
            git("add", ".")
            git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "a run")
        git("gc", "--quiet")
        return total, sum(path.stat().st_size for path in Path(folder, ".git", "objects", "pack").glob("*.pack"))


if __name__ == "__main__":
    main()
