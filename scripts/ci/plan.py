"""Which jobs run on Macs: the matrix that GitHub makes them from. Needs no torch.

    python scripts/ci/plan.py jobs [VERSION,VERSION@RUNNER…]   for this event (EVENT, BASE); these releases of torch alone
    python scripts/ci/plan.py missing FOLDER                   those of MATRIX and REPORTER that delivered nothing there

matrix.json holds the settings. `runners`: a Mac at home is one line there, such as
{"label": ["self-hosted", "macOS", "ARM64"], "name": "mac-mini-m4", "macos": "26", "image": null, "trusted": true}; one that is `trusted` gets nothing
but what is in the repository already, so no pull request. `macos` and `image` say which runs were made there: `image` is
what ImageOS is on it, null at home. Each job gets the oldest Python that this release has a wheel for. Runners are used in their order: macos-15 first, since the GPU
of a hosted macos-26 is not representative (kornia/kornia#4159, kornia/kornia#4207). `jobs`: how many each event may start.
A pull request measures the snippets that it changes and no others; a push measures all, since a run file holds all.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import releases
from packaging.version import Version

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.known import repeated, watch
from mpscheck.known.watch import OnIndex
from mpscheck.runs import journal, numerics, results

SETTINGS = releases.SETTINGS
ASKED = re.compile(r"\d+\.\d+\.\d+(?:rc\d+)?(?:@(?P<runner>[\w.-]+))?")
MACOS = "15"  # of the first runner: what a bug is expected to do there


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("jobs").add_argument("only", nargs="?", default="", metavar="VERSION,VERSION@RUNNER…")
    commands.add_parser("missing").add_argument("folder", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "missing":
        return missing(arguments.folder)
    only = [version.strip() for version in arguments.only.split(",") if version.strip()]
    names = {runner["name"] for runner in SETTINGS["runners"]}
    wrong = [one for one in only if not ((asked := ASKED.fullmatch(one)) and (asked["runner"] or min(names)) in names)]
    if wrong:
        print(f"{wrong[0]!r} is not a torch release such as 2.8.0, or 2.8.0@macos-15.", file=sys.stderr)
        return 2
    event = os.environ["EVENT"]
    changed = changed_bugs(os.environ.get("BASE", "")) if event in ("pull_request", "push") else []
    runners = [runner for runner in SETTINGS["runners"] if event != "pull_request" or not runner["trusted"]]
    found = releases.on_index()
    versions = [one.partition("@")[0] for one in only] or by_use(releases.all_versions(found), changed)
    pairs = [(r, torch) for r in runners for torch in dict.fromkeys(versions) if not only or chosen(only, torch, r)]
    pythons = [python_for(found, torch, runner["name"]) for runner, torch in pairs]
    legs = [leg(r, torch=torch, python=python) for (r, torch), python in zip(pairs, pythons, strict=True) if python]
    legs = legs[: SETTINGS["jobs"][event]]
    strangers = event == "pull_request"
    output("matrix", [] if strangers and not changed else legs)
    by_hand = event == "workflow_dispatch" and not only  # what it answers does not change with a push
    output("reporter", [leg(runner) for runner in runners] if by_hand else [])
    releases.output("snippets", " ".join(bug.slug for bug in changed) if strangers else "")
    return 0


def chosen(only: list[str], torch: str, runner: dict) -> bool:
    """True if a release was asked for on this runner, or on all."""
    return torch in only or f"{torch}@{runner['name']}" in only


def python_for(found: list[OnIndex], torch: str, runner: str) -> str:
    """The Python of a job, as the index has wheels for it; empty, with a line that says so, where it has none."""
    release = next((one for one in found if one.version == torch), None)
    if release is None:
        return SETTINGS["if_the_index_is_silent"]["python"]
    (on,) = [one for one in releases.RUNNERS if one.name == runner]
    job = watch.job(release, on)
    if job is None:
        print(f"torch {torch} has no wheel that {runner} can take: no job is started there.", file=sys.stderr)
    return job.python if job else ""


def leg(runner: dict, **more: str) -> dict:
    """One job: the runner's name, its label for GitHub, and what is measured there."""
    return {"runner": runner["name"], "label": runner["label"], **more}


def changed_bugs(base: str) -> list[Bug]:
    """The bugs whose snippets differ from a commit; none where git does not know it."""
    command = ["git", "diff", "--name-only", "-z", "--diff-filter=d", f"{base}...HEAD", "--", "snippets/bugs"]
    if not re.fullmatch("[0-9a-f]{40}", base):
        return []
    names = subprocess.run(command, cwd=releases.ROOT, stdout=subprocess.PIPE, text=True).stdout.split("\0")
    return [bug for bug in catalogue.with_check() if f"snippets/bugs/{bug.check.path.name}" in names]


def by_use(versions: list[str], changed: list[Bug]) -> list[str]:
    """The releases in the order of what they show of the changed bugs: one that has each of them, then the newest."""
    ordered, unseen = [], list(changed)
    while unseen:
        has = {v: [bug for bug in unseen if bug.state(v, MACOS) == "affected"] for v in versions}
        best = max(versions, key=lambda v: len(has[v]))
        if not has[best]:
            break
        ordered.append(best)
        unseen = [bug for bug in unseen if bug not in has[best]]
    newest = [max(versions, key=Version)] if changed else []
    return list(dict.fromkeys([*ordered, *newest, *versions]))


def missing(folder: Path) -> int:
    """The jobs without an answer, each to be tried once more, on another machine; one with a surprise has an answer."""
    for name, read in {"matrix": a_run, "reporter": repeated.read}.items():
        legs = json.loads(os.environ.get(name.upper()) or '{"include": []}')["include"]
        output(name, [leg for leg in legs if not delivered(folder / artifact(leg), read)])
    return 0


def artifact(leg: dict) -> str:
    """The name under which a job uploads what it measured; measure.yml and reporter.yml say the same."""
    return f"run-{leg['torch']}-{leg['runner']}" if "torch" in leg else f"reporter-{leg['runner']}"


def a_run(path: Path) -> dict:
    """A run, also one that was stopped, with at least one number. Raises results.BadResults."""
    run = journal.read_either(path)
    if not numerics.measured_anything(run):
        raise results.BadResults(f"{path.name} has no number: nothing was measured")
    return run


def delivered(folder: Path, read) -> bool:
    """True if a folder holds an answer that can be read."""
    for path in folder.glob("*.json*"):
        try:
            read(path)
            return True
        except results.BadResults as error:
            print(error, file=sys.stderr)
    return False


def output(name: str, legs: list[dict]) -> None:
    """A matrix in GitHub's form; nothing at all where it has no jobs, which GitHub refuses."""
    releases.output(name, json.dumps({"include": legs}) if legs else "")


if __name__ == "__main__":
    sys.exit(main())
