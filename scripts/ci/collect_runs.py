"""Take what the macOS jobs measured into results/, and describe it for a pull request. Needs no torch.

    python scripts/ci/collect_runs.py FOLDER [--to FOLDER] [--body FILE]

Run files go to runs/, with a record of the job that brought them, where GitHub attests that the measuring job wrote them;
else to unverified/, as does what a stopped run left of one. Results of the repeated report go to reporter/. A file that does
not follow its schema, has no number, was not measured on mps, or names a bug that the catalogue does not have is refused in
one sentence. Each file gets its name from its
provenance, so a newer run of the same environment replaces the older one. Exit code 1 if there was nothing to take.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

import attested

from mpscheck.bugs import catalogue
from mpscheck.known import cause, repeated
from mpscheck.known.measured import BROUGHT
from mpscheck.places import RESULTS
from mpscheck.runs import fitness, journal, numerics, provenance, results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=RESULTS)
    parser.add_argument("--body", type=Path, help="a Markdown file to write: the text of the pull request")
    arguments = parser.parse_args()
    lines, taken = [], 0
    for path in answers(arguments.folder):
        try:
            lines.append(taken_in(path, arguments.to))
            taken += 1
        except results.BadResults as error:
            lines.append(f"- refused: {error}")
    text = "\n".join(lines or ["- no job delivered a run file"]) + "\n"
    print(text, end="")
    if arguments.body:
        results.write_atomic(arguments.body, "Measured by the macOS jobs:\n\n" + text)
    return 0 if taken else 1


def answers(folder: Path) -> list[Path]:
    """What the jobs delivered: files of results, and the journal of a run that was stopped before it had its run file."""
    stopped = [path for path in folder.rglob(f"*{journal.SUFFIX}") if not journal.run_file_of(path).exists()]
    return sorted([*folder.rglob("*.json"), *stopped])


def taken_in(path: Path, to: Path) -> str:
    """Put one file into its folder; a line of Markdown about it. Raises results.BadResults, in one sentence."""
    if is_repeated_report(path):
        result = repeated.read(path)
        if not repeated.on_mac(result):
            raise results.BadResults(f"{path.name} was measured on {result['environment']['device']}, not on mps")
        text = json.dumps(result, indent=1, sort_keys=True, allow_nan=False) + "\n"
        results.write_atomic(to / "reporter" / repeated.file_name(result), text)
        return f"- {repeated.EXPERIMENT} repeated on macOS {result['environment']['macos']}: {cause.cause(result)}"
    run = accepted(path)
    refused = unattested(path, run)
    folder = "unverified" if refused else "runs"
    if not refused:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        run = run | {BROUGHT: {"address": provenance.address(), "sha256": digest}}
    results.write(to / folder / f"{provenance.run_id(run['provenance'])}.json", run)
    return description(run) + (f" (unverified: {refused})" if refused else "")


def unattested(path: Path, run: dict) -> str:
    """Why a run counts as unverified, in words; empty where the measuring job wrote exactly this file."""
    if provenance.address() is None:
        return "not on GitHub: no job brings it"
    if path.read_text(encoding="utf-8") != results.text(run):
        return "the file is not as mpscheck writes it"
    return attested.refusal(path)


def is_repeated_report(path: Path) -> bool:
    """True if a file says that it is one; whether it is, its schema says."""
    try:
        return "experiment" in results.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def accepted(path: Path) -> dict:
    """A run that may be published. Raises results.BadResults, in one sentence."""
    run = journal.read_either(path)
    if not numerics.measured_anything(run):
        raise results.BadResults(f"{path.name} has no number: nothing was measured")
    if run["provenance"]["device"].split(":")[0] != "mps":
        raise results.BadResults(f"{path.name} was measured on {run['provenance']['device']}, not on mps")
    known = {bug.slug for bug in catalogue.with_check()}
    if BROUGHT in run:
        raise results.BadResults(f"{path.name} says itself which job brought it: that is not its to say")
    unknown = sorted({record["snippet"] for record in run["records"]} - known)
    if unknown:
        raise results.BadResults(f"{path.name} names a bug that is not in the catalogue: {unknown[0]}")
    return run


def description(run: dict) -> str:
    """One line of Markdown: where it was measured, and how many snippets came out how."""
    where = run["provenance"]
    machine = f"{where['gpu']}{' (virtual)' if where['virtual'] else ''}"
    bugs, fit = {bug.slug: bug for bug in catalogue.with_check()}, fitness.fitness(run)
    counts = Counter(fitness.verdict(fit, bugs[record["snippet"]], record) for record in run["records"])
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    found += f" ({fit.unfit})" if fit.unfit else ""
    return f"- torch {where['torch']}, macOS {where['macos']} ({where['macos_build']}), {machine}: {found}"


if __name__ == "__main__":
    sys.exit(main())
