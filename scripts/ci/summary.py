"""Put a run file into the summary of its job, so that the artifact is never the only copy.

    python scripts/ci/summary.py FILE

Prints it where GitHub does not run this. A run that was stopped has no run file yet: then what its journal holds is shown.
Exit code 0, also where there is nothing: the job itself says what failed.
"""

import argparse
import os
import sys
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.runs import fitness, journal, numerics, results

LIMIT = 900_000  # GitHub takes 1 MiB a step


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    add(summary_of(parser.parse_args().file))
    return 0


def summary_of(path: Path) -> str:
    """Markdown: a table of what was found, and the whole file."""
    try:
        run = results.read(path)
    except results.BadResults as error:
        part = path.with_suffix(journal.SUFFIX)
        if not part.exists():
            return f"No run file: {error}.\n"
        text = part.read_text(encoding="utf-8", errors="replace")
        return f"{stopped(part)}\n\n{folded(part.name, text)}"
    where = run["provenance"]
    machine = f"{where['gpu'] or where['chip']}{' (virtual)' if where['virtual'] else ''}"
    bugs, fit = {bug.slug: bug for bug in catalogue.with_check()}, fitness.fitness(run)
    found = [(r["snippet"], r["dtype"], fitness.verdict(fit, bugs.get(r["snippet"]), r)) for r in run["records"]]
    rows = [f"| {' | '.join(row)} |" for row in found]
    head = f"## torch {where['torch']}, macOS {where['macos']} ({where['macos_build']}), {machine}"
    table = "\n".join(["| Snippet | dtype | Found |", "|---|---|---|", *rows])
    calls = "".join(f"- {said}\n" for said in fit.said) or f"- {len(run['canaries'])} made, none was wrong\n"
    return f"{head}\n\n### Calls that are known to be right\n\n{calls}\n{table}\n\n{folded(path.name, path.read_text(encoding='utf-8'))}"


def stopped(part: Path) -> str:
    """How far a run came that was stopped, or measured nothing."""
    try:
        run = journal.read(part)
    except results.BadResults as error:
        return f"Stopped: {error}."
    if not numerics.measured_anything(run):
        return f"Nothing was measured: {len(run['records'])} records, none with a number."
    return f"Stopped after {len(run['records'])} records."


def folded(name: str, text: str) -> str:
    """A whole file behind a heading; one that is too large for a summary stands in the job's log instead."""
    if len(text.encode()) > LIMIT:
        print(text)
        return f"{name} is too large for this page: it stands in the log of this step.\n"
    return f"<details><summary>{name}</summary>\n\n```json\n{text.rstrip()}\n```\n\n</details>\n"


def add(markdown: str) -> None:
    """Append to the job's summary, or print."""
    if not os.environ.get("GITHUB_STEP_SUMMARY"):
        print(markdown)
        return
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
        file.write(markdown)


if __name__ == "__main__":
    sys.exit(main())
