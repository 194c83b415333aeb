"""What a release brings beside its runs, and the pull request in words. Needs no torch; run after collect_runs.py.

    python scripts/ci/announce.py add              the row of each new release, with its day, and what its wheel declares
    python scripts/ci/announce.py describe FILE    the text of the pull request, upon what collect_runs.py wrote there

`describe` also writes beside FILE what is too long for a pull request or to be used by itself: `proposed.patch`, the ranges
that the runs speak for, as `git apply` takes them, and `upstream/SLUG.md`, the text for the thread of each bug that runs
contradict. Nothing of that is applied or sent: a person reads it.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import publish
import releases
from packaging.version import Version

from mpscheck.known import changes, proposal, wheels
from mpscheck.known import releases as known_releases
from mpscheck.known.setups import listed, machines, release_of
from mpscheck.places import shown
from mpscheck.runs import results
from mpscheck.site import upstream
from mpscheck.site.inputs import Inputs, read_inputs
from mpscheck.site.pages.releases import with_runs

LIMIT = 60_000  # characters; GitHub takes 65,536
SOURCE = "release_date: first upload on the package index, read by the watcher"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("add")
    commands.add_parser("describe").add_argument("file", type=Path)
    arguments = parser.parse_args()
    return add() if arguments.command == "add" else describe(arguments.file)


def add() -> int:
    """0 also where something is missing: the text of the pull request says what."""
    rows = json.loads(known_releases.FILE.read_text(encoding="utf-8"))
    there = {row["version"] for row in rows}
    days = {one.version: one.day for one in releases.on_index()}
    ours = {version for version in measured() if not Version(version).is_prerelease and Version(version).local is None}
    new = [version for version in sorted(ours - there, key=Version) if days.get(version)]
    rows += [{"version": v, "release_date": days[v], "branch_cut": None, "source": SOURCE} for v in new]
    if new:
        results.write_atomic(known_releases.FILE, json.dumps(rows, indent=1, ensure_ascii=False))
    unread = [version for version in sorted(ours & {*there, *new}, key=Version) if not wheels.path(version).exists()]
    if unread:
        subprocess.run([sys.executable, "-m", "mpscheck.cli", "declared", *unread])
    print(f"New releases: {', '.join(new) or 'none'}.")
    return 0


def measured() -> set[str]:
    """The torch versions of the run files that are new here."""
    paths = [Path(name) for name in publish.new_files("results/runs", "results/unverified")]
    runs = (json.loads(path.read_text(encoding="utf-8")) for path in paths if path.suffix == ".json")
    return {release_of(run["provenance"]["torch"]) for run in runs}


def describe(file: Path) -> int:
    """Write the text and what belongs to it."""
    inputs = read_inputs()
    new = {Path(name).stem for name in publish.new_files("results/runs", "results/unverified")}
    versions = sorted(measured(), key=Version)
    against = [one for one in changes.contradictions(inputs.known) if rests_on(one, new)]
    reports = {one.bug.slug: text for one in against if (text := upstream.report(one))}
    patches, why_not = proposed(inputs, against)
    if patches:
        results.write_atomic(file.with_name("proposed.patch"), "".join(patches.values()))
    for slug, text in reports.items():
        results.write_atomic(file.parent / "upstream" / f"{slug}.md", f"{text}\n")
    parts = [
        f"# {title(versions)}",
        file.read_text(encoding="utf-8").rstrip(),
        *release_part(versions, inputs),
        *changed_part([one for one in changes.changes_of(inputs.known) if one.first.now.run in new]),
        *contradiction_part(against, patches, why_not),
    ]
    for slug, text in reports.items():
        parts.append(folded(f"For the thread of {slug}, ready to send", text))
    results.write_atomic(file, shortened(parts))
    return 0


def title(versions: list[str]) -> str:
    """`torch 2.16.0: runs on macOS`, a candidate marked as one."""
    marked = [f"{one} (release candidate)" if Version(one).is_prerelease else one for one in versions]
    return f"torch {', '.join(marked)}: runs on macOS" if marked and len(marked) < 4 else publish.TITLE


def rests_on(one: changes.Contradiction, new: set[str]) -> bool:
    """True if a run that is new here is among those that a contradiction rests on."""
    return any(m.run in new for _, found in one.found for m in found.rests_on)


def release_part(versions: list[str], inputs: Inputs) -> list[str]:
    """What is known of each of these releases now, and what could not be had."""
    days = {one.version: one.date for one in known_releases.load()}
    counted = {row.version: row.counts for row in with_runs(inputs.known)}
    lines = []
    for version in versions:
        if Version(version).is_prerelease:
            lines.append(f"- torch {version} is a release candidate: it gets no row among the releases.")
            continue
        day, there = days.get(version), counted.get(version)
        lines.append(f"- torch {version}: " + (f"of {day}." if day else "the index tells no day, so it has no row."))
        lines.append(f"- What its wheel declares: {'read' if version in inputs.declared else 'could not be read'}.")
        if there:
            lines.append(f"- Bugs: {there.known} affect it, {there.not_affected} do not, {there.unknown} are unknown.")
    return ["## The release", "\n".join(lines)] if lines else []


def changed_part(found: list[changes.Together]) -> list[str]:
    """What runs found otherwise than the run before."""
    lines = [
        f"- **{one.kind}** in torch {one.torch} on {machines(one.where)}: {one.bug.claim} (`{one.bug.slug}`; before: "
        f"{one.first.before.outcome} in {release_of(one.first.before.provenance['torch'])}; sources say "
        f"{listed(sorted({change.said for change in one.changes}))})"
        for one in found
    ]
    return ["## What changed", "\n".join(lines) or "Nothing: no bug was found otherwise than by the run before."]


def proposed(inputs: Inputs, against: list[changes.Contradiction]) -> tuple[dict[str, str], dict[str, str]]:
    """By slug: the diff of the snippet that would settle a contradiction, or why there is none."""
    patches, why_not = {}, {}
    for bug in {one.bug.slug: one.bug for one in against}.values():
        change = proposal.proposed_range(bug, inputs.measured)
        if change is not None and change.why_not:
            why_not[bug.slug] = change.why_not
        elif change is not None:
            patches[bug.slug] = proposal.diff(bug, change, shown(bug.check.path))
    return patches, why_not


def contradiction_part(
    against: list[changes.Contradiction], patches: dict[str, str], why_not: dict[str, str]
) -> list[str]:
    """Each contradiction, and the ranges that runs speak for."""
    if not against:
        return ["## Contradictions", "None: no run says otherwise than the sources."]
    lines = [
        f"- `{one.bug.slug}` on torch {one.torch}, {machines(one.where)}: runs say {one.proposed}, sources say "
        f"{one.newest.said.state} ({one.newest.said.basis})"
        + (f". No range is proposed: {why_not[one.bug.slug]}" if one.bug.slug in why_not else "")
        for one in against
    ]
    parts = ["## Contradictions", "\n".join(lines)]
    if patches:
        parts.append(
            "Proposed ranges, also in `proposed.patch` of this job's artifact. Nothing is applied; read the runs first."
        )
        parts.append("```diff\n" + "".join(patches.values()) + "```")
    return parts


def folded(summary: str, inside: str) -> str:
    """A part that is shown on request."""
    return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>"


def shortened(parts: list[str]) -> str:
    """The parts that GitHub takes, whole ones; the others stand in the artifact."""
    text = ""
    for place, part in enumerate(parts):
        if len(text) + len(part) > LIMIT:
            return (
                text
                + f"{len(parts) - place} more parts stand in the artifact of this job: they are too long for this page.\n"
            )
        text += f"{part}\n\n"
    return text


if __name__ == "__main__":
    sys.exit(main())
