"""Take the run files of the macOS jobs into results/runs/, and describe them for a pull request.

    python scripts/ci/collect_runs.py FOLDER [--to FOLDER] [--body FILE]

A file that does not follow results/schema.json, was not measured on mps, or names a bug that the catalogue does not
have is refused in one sentence. Each file gets its name from its provenance, so a newer run of the same environment
replaces the older one. Exit code 1 if there was nothing to take.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.runs import numerics, provenance, results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=results.RUNS)
    parser.add_argument("--body", type=Path, help="a Markdown file to write: the text of the pull request")
    arguments = parser.parse_args()
    lines, taken = [], 0
    for path in sorted(arguments.folder.rglob("*.json")):
        try:
            run = accepted(path)
        except results.BadResults as error:
            lines.append(f"- refused: {error}")
            continue
        results.write(arguments.to / f"{provenance.run_id(run['provenance'])}.json", run)
        lines.append(description(run))
        taken += 1
    text = "\n".join(lines or ["- no job delivered a run file"]) + "\n"
    print(text, end="")
    if arguments.body:
        results.write_atomic(arguments.body, "Measured by the macOS jobs:\n\n" + text)
    return 0 if taken else 1


def accepted(path: Path) -> dict:
    """A run that may be published. Raises results.BadResults, in one sentence."""
    run = results.read(path)
    if run["provenance"]["device"].split(":")[0] != "mps":
        raise results.BadResults(f"{path.name} was measured on {run['provenance']['device']}, not on mps")
    known = {bug.slug for bug in catalogue.with_check()}
    unknown = sorted({record["snippet"] for record in run["records"]} - known)
    if unknown:
        raise results.BadResults(f"{path.name} names a bug that is not in the catalogue: {unknown[0]}")
    return run


def description(run: dict) -> str:
    """One line of Markdown: where it was measured, and how many snippets came out how."""
    where = run["provenance"]
    machine = f"{where['gpu']}{' (virtual)' if where['virtual'] else ''}"
    counts = Counter(numerics.verdict(record) for record in run["records"])
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    return f"- torch {where['torch']}, macOS {where['macos']} ({where['macos_build']}), {machine}: {found}"


if __name__ == "__main__":
    sys.exit(main())
