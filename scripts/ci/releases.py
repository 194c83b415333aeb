"""Which releases there are, and the start of the macOS jobs for one that has no run yet. Needs the environment `no-torch`.

    python scripts/ci/releases.py watch     start mps.yml for each release and runner that has no run, ask what cannot be told

What is started, `mpscheck.known.watch` decides; this asks the index, git and GitHub, and does what was decided. matrix.json
holds the settings. `torch`, in this order: that of TransformerLens#1178; the oldest with a wheel for Apple silicon and Python
3.11; two that are sick of some of the catalogue's bugs. The newest two minor releases are asked of the index. `since`: the
watcher starts nothing for older releases; `at_once`: so many jobs a look.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import index
import publish
import watched

from mpscheck.known import watch as planning

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = json.loads(Path(__file__).with_name("matrix.json").read_text(encoding="utf-8"))
RUNNERS = [planning.Runner(one["name"], one["macos"], one["image"]) for one in SETTINGS["runners"]]
RUNS = ROOT / "results" / "runs"
LIBRARY = "transformer-lens"
TABLE = ROOT / "results" / "transformerlens.json"
SILENT = planning.Question(
    "The package index does not say which releases there are",
    "The watcher looked and could not tell. Its job says why: Actions, *releases*. While this lasts, nothing is started.",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_subparsers(dest="command", required=True).add_parser("watch")
    parser.parse_args()
    return watch()


def on_index(project: str = "torch") -> list[planning.OnIndex]:
    """All releases, oldest first; none, with a line that says why, where the index does not tell."""
    try:
        return index.releases(project)
    except planning.BadIndex as error:
        print(f"{str(error).rstrip('.')}.", file=sys.stderr)
        return []


def all_versions(found: list[planning.OnIndex]) -> list[str]:
    """The fixed ones, then the newest ones that are not among them."""
    newest = newest_minors(found) or SETTINGS["if_the_index_is_silent"]["newest"]
    return list(dict.fromkeys([*SETTINGS["torch"], *newest]))


def newest_minors(found: list[planning.OnIndex]) -> list[str]:
    """The last patch release of each of the newest minor releases, newest first."""
    minors = {}
    for one in sorted(found, key=lambda one: one.number, reverse=True):
        if not one.candidate:
            minors.setdefault(one.number.release[:2], one.version)
    return list(minors.values())[: SETTINGS["newest"]]


def watch() -> int:
    """Start what is missing, ask what cannot be told, and write down that this was looked at; 1 where the index is silent."""
    found, now = on_index(), datetime.now(UTC)
    plan = planning.Plan(asks=(SILENT,))
    if found:
        plan = planning.plan(
            found,
            RUNNERS,
            since=SETTINGS["since"],
            today=now.date().isoformat(),
            runs=[*published(), *waiting()],
            started=started(),
            limit=SETTINGS["at_once"],
        )
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    measured_on, known = table["provenance"]["date"], table["releases"]
    asks = plan.asks + planning.unmeasured_libraries(on_index(LIBRARY), measured_on, known, "TransformerLens")
    for torch in dict.fromkeys(job.torch for job in plan.start):  # one workflow run, and one pull request, a release
        names = ",".join(job.name for job in plan.start if job.torch == torch)
        gh("workflow", "run", "mps.yml", "-f", f"torch={names}")
        print(f"started: {names}")
    print("".join(f"waits: {line}\n" for line in plan.waits), end="")
    ask(asks)
    if not found:
        return 1
    watched.keep(watched.text(now, newest_minors(found)[:1], plan))
    gh("workflow", "run", "pages.yml")  # the site says when this was looked at
    return 0


def published() -> list[dict]:
    """The provenances of the published runs on mps."""
    return on_mps(json.loads(path.read_text(encoding="utf-8")) for path in sorted(RUNS.glob("*.json")))


def waiting() -> list[dict]:
    """The same of the runs in open pull requests that a workflow of this repository opened."""
    fields = "headRefName,isCrossRepository"
    found = json.loads(gh("pr", "list", "--state", "open", "--limit", "200", "--json", fields))
    branches = [one["headRefName"] for one in found if not one["isCrossRepository"]]
    return [where for branch in branches if branch.startswith("runs/") for where in on_branch(branch)]


def on_branch(branch: str) -> list[dict]:
    """The provenances of the runs on a branch."""
    publish.git(*publish.CREDENTIALS, "fetch", "--quiet", "--depth=1", "origin", f"refs/heads/{branch}")
    names = publish.git("ls-tree", "--name-only", "-z", "FETCH_HEAD", "results/runs/").split("\0")
    return on_mps(json.loads(publish.git("show", f"FETCH_HEAD:{name}")) for name in names if name.endswith(".json"))


def on_mps(runs) -> list[dict]:
    """The provenances of those runs that were made on mps."""
    return [run["provenance"] for run in runs if run["provenance"]["device"].startswith("mps")]


def started() -> list[planning.Started]:
    """The workflow runs that were started by hand or by this."""
    chosen = ("--workflow", "mps.yml", "--event", "workflow_dispatch", "--limit", "300")
    found = json.loads(gh("run", "list", *chosen, "--json", "displayTitle,status"))
    return [planning.Started(one["displayTitle"], one["status"] == "completed") for one in found]


def ask(questions: tuple[planning.Question, ...]) -> None:
    """An issue for each question that was never asked; one that somebody closed is answered."""
    if not questions:
        return
    asked = json.loads(gh("issue", "list", "--state", "all", "--limit", "500", "--json", "title"))
    for one in questions:
        if one.title not in {issue["title"] for issue in asked}:
            gh("issue", "create", "--title", one.title, "--body", one.text)
            print(f"asked: {one.title}")


def gh(*arguments: str) -> str:
    """GitHub's own command line, which every hosted runner has. Raises CalledProcessError."""
    return subprocess.run(["gh", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def output(name: str, value: str) -> None:
    """Print a value, and hand it to the jobs that need it where GitHub runs this."""
    print(value)
    if os.environ.get("GITHUB_OUTPUT"):
        with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


if __name__ == "__main__":
    sys.exit(main())
