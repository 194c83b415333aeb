"""A made-up release of torch from the index to the site, on this machine: every job in its order, each step with its time."""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mpscheck.places import ROOT
from mpscheck.rehearsal import index, runs
from mpscheck.rehearsal.workplace import Workplace, as_mac, recorded, rewrite
from mpscheck.runs import results

BEFORE, NEW = "2.15.0", "2.16.0"
BACK = "addmm-square-matrices"  # said to be fixed long before, right in the release before, wrong in the made-up one
OPEN = "linear-noncontiguous-weight"  # the same, but that nobody measured the release before: a range is proposed
OLD = (BACK, "rand-5d-batches-identical", "triu-minus-inf-gives-nan")
RUNNERS = ("macos-15", "macos-26")
TAGS = ("cp311-none-macosx_14_0_arm64", "cp312-none-macosx_14_0_arm64")
TOKEN = {"github.run_id": "7", "github.token": "t"}
PLAN = {"github.event_name": "workflow_dispatch", "github.event.pull_request.base.sha || github.event.before": ""}
REHEARSE = ("-m", "mpscheck.cli", "rehearse", "--runs", "results")


class Astray(RuntimeError):
    """A step that did not do what it is there for; the message says which."""


@dataclass(frozen=True)
class Step:
    """One step: what was done, what came of it, how long it took."""

    name: str
    found: str
    seconds: float


def schema() -> str:
    """The schema of the workplace: no run there can claim to be measured."""
    data = json.loads(runs.schema())
    data["$defs"]["provenance"]["properties"]["evidence"] = {"enum": [runs.MARKER, "emulated"]}
    return json.dumps(data, indent=1) + "\n"


def tracked() -> tuple[str, ...]:
    """The files of this repository, but for the runs."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\0")
    left = ("results/runs/", "results/unverified/", "results/reporter/")
    return tuple(name for name in listed if name and not name.startswith(left) and (ROOT / name).exists())


def walk(folder: Path, build: bool) -> Iterator[Step]:
    """Each step as it is done. `build`: the site too, not its pages alone. Raises Astray, AssertionError."""
    github, announced = Workplace(folder, tracked()), index.Index()
    results.write_atomic(github.place / "results" / "schema.json", schema())
    day = datetime.now(UTC).date()
    announced.announce("torch", BEFORE, str(day - timedelta(30)), *TAGS)
    announced.announce("transformer-lens", "1.0.0", "2023-01-01", "py3-none-any")
    with index.served(announced) as address:
        github.variables |= {"PIP_INDEX_URL": address, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
            github.variables[name] = "" if name != "PIP_CONFIG_FILE" else os.devnull
        yield timed(f"What was there before: runs of {BEFORE}", lambda: before(github))
        announced.announce("torch", NEW, str(day), *TAGS)
        yield timed(f"The index announces {NEW}; the watcher looks", lambda: looked(github))
        legs: list[dict] = []
        yield timed("Choose the jobs", lambda: chosen(github, legs))
        yield timed(f"Measure on {RUNNERS[0]}", lambda: measured(github, legs[0], NEW))
        yield timed(f"The job on {RUNNERS[1]} is lost; look for what is missing", lambda: lost(github, legs))
        yield timed(f"Measure on {RUNNERS[1]}, second attempt", lambda: measured(github, legs[1], NEW))
        yield timed("Open the pull request", lambda: opened(github))
        yield timed("The watcher looks again", lambda: looked_again(github))
        yield timed("Merge; write the pages", lambda: merged(github))
        if build:
            yield timed("Build the site", lambda: built(github))
        yield timed("Try to publish such a run", lambda: refused(github))


def timed(name: str, act: Callable[[], str]) -> Step:
    """Do one step."""
    began = time.perf_counter()
    return Step(name, act(), round(time.perf_counter() - began, 1))


def before(github: Workplace) -> str:
    """The runs of the release before, as published ones: measured once, for both Macs."""
    run = measured_run(github, {"runner": RUNNERS[0], "torch": BEFORE, "python": "3.11"}, BEFORE)
    shutil.rmtree(github.place / "run-files")
    shutil.rmtree(github.artifacts)
    record = {"published": {"address": run["provenance"]["address"], "sha256": "0" * 64}}
    for runner in RUNNERS:
        mac = recorded(f"hosted-{runner}")
        macos = {"macos": mac["commands"]["sw_vers -productVersion"]["prints"], "runner": mac["variables"]["ImageOS"]}
        named = as_mac(run, mac, BEFORE, runs.MARKER)
        named["provenance"] |= macos
        rewrite(github.place / "results" / "runs" / f"{BEFORE}-{runner}.json", named | record)
    github.begin()
    return f"{len(RUNNERS)} made-up runs"


def asked(github: Workplace) -> list[str]:
    """What GitHub was asked until now."""
    return github.log.read_text(encoding="utf-8").splitlines() if github.log.exists() else []


def looked(github: Workplace) -> str:
    """The watcher starts the jobs of the new release, and no others."""
    github.job("releases", "watch", TOKEN)
    started = [line for line in asked(github) if line.startswith("workflow run mps.yml")]
    wanted = ",".join(f"{NEW}@{runner}" for runner in RUNNERS)
    if started != [f"workflow run mps.yml -f torch={wanted}"]:
        raise Astray(f"the watcher started {started or 'nothing'}")
    return f"starts mps with {wanted}"


def chosen(github: Workplace, legs: list[dict]) -> str:
    """The jobs that GitHub would make."""
    context = PLAN | {"inputs.torch": ",".join(f"{NEW}@{runner}" for runner in RUNNERS)}
    legs += json.loads(github.job("mps", "plan", context)["matrix"])["include"]
    return "; ".join(f"torch {leg['torch']} on {leg['runner']}, Python {leg['python']}" for leg in legs)


def measured_run(github: Workplace, leg: dict, torch: str) -> dict:
    """What one job delivers, made into a made-up run of the recorded Mac; the new release has two bugs again."""
    name = f"hosted-{leg['runner']}"
    github.become(name)
    snippets = (*OLD, OPEN) if torch == NEW else OLD
    context = {f"matrix.{key}": value for key, value in leg.items()} | {"inputs.snippets": " ".join(snippets)}
    sick = {"MPSCHECK_FAULTS": f"{BACK},{OPEN}"} if torch == NEW else {}
    for stale in (github.place / "run-files").glob("*"):
        stale.unlink()
    github.job("measure", "measure", context, sick)
    github.mac = {}
    return as_mac(results.parse((github.place / "run-files/run.json").read_text()), recorded(name), torch, runs.MARKER)


def measured(github: Workplace, leg: dict, torch: str) -> str:
    """One job; its file as the artifact that the next job takes."""
    run = measured_run(github, leg, torch)
    rewrite(github.artifacts / f"run-{leg['torch']}-{leg['runner']}" / "run.json", run)
    found = [record["snippet"] for record in run["records"] if len(record["attempts"]) > 1]
    return f"{len(run['records'])} records; measured twice, being a surprise: {', '.join(found) or 'none'}"


def lost(github: Workplace, legs: list[dict]) -> str:
    """The one job that delivered nothing is found."""
    needs = {"needs.plan.outputs.matrix": json.dumps({"include": legs}), "needs.plan.outputs.reporter": ""}
    again = json.loads(github.job("mps", "missing", needs)["matrix"] or '{"include": []}')["include"]
    if again != legs[1:]:
        raise Astray(f"{again} is tried again, not {legs[1:]}")
    return f"{again[0]['runner']} is tried again"


def opened(github: Workplace) -> str:
    """Runs, release, wheel, ranges and texts as one pull request, with its checks."""
    github.job("mps", "publish", TOKEN)
    told = pull_request(github)
    wanted = ("release row", "wheel", "range", "text for the thread")
    there = (
        f'"version": "{NEW}"' in github.git("show", "runs/mps-7:catalogue/torch-releases.json"),
        f"results/declared/{NEW}.json" in github.git("ls-tree", "-r", "--name-only", "runs/mps-7"),
        f"+++ b/snippets/bugs/{OPEN}.py" in told.get("proposed.patch", ""),
        "```python" in told.get(f"upstream/{BACK}.md", ""),
    )
    if missing := [name for name, found in zip(wanted, there, strict=True) if not found]:
        raise Astray(f"the pull request lacks: {', '.join(missing)}")
    if not any(line.startswith("workflow run verify.yml --ref runs/mps-7 ") for line in asked(github)):
        raise Astray("the checks of the pull request were not started")
    return f"{', '.join(wanted)}; verify is started on its branch"


def pull_request(github: Workplace) -> dict[str, str]:
    """The text of the pull request and what belongs to it, by name."""
    github.git("fetch", "-q", "origin", "runs/mps-7:runs/mps-7", "--force")
    folder = github.artifacts / "pull-request"
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.*")}


def looked_again(github: Workplace) -> str:
    """Runs that wait in a pull request are not measured again."""
    count = len(asked(github))
    github.git("checkout", "-q", "--force", "main")
    github.git("reset", "-q", "--hard", "origin/main")
    github.job("releases", "watch", TOKEN)
    started = [line for line in asked(github)[count:] if line.startswith("workflow run mps.yml")]
    if started:
        raise Astray(f"the watcher started {started} again")
    return "starts nothing: the runs wait in a pull request"


def merged(github: Workplace) -> str:
    """The pages as they are after the merge, marked as made up."""
    github.git("reset", "-q", "--hard", "runs/mps-7")  # what a merge gives, main being where it was
    code, said = github.run(f"{sys.executable} {' '.join(REHEARSE)}", {})
    if code:
        raise Astray(f"no pages: {said}")
    docs = github.place / ".cache" / "rehearsal" / "source" / "docs"
    if not (docs / "releases" / f"{NEW}.md").exists() or BACK not in (docs / "generated/changes.md").read_text():
        raise Astray(f"the pages do not show torch {NEW}")
    return f"{sum(1 for _ in docs.rglob('*.md'))} pages, among them that of {NEW}"


def built(github: Workplace) -> str:
    """The site, each page with the banner of a rehearsal."""
    source = github.place / ".cache" / "rehearsal" / "source"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "mkdocs.rehearsal.yml", "-d", "../site"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, env=environment)
    page = source.parent / "site" / "releases" / NEW / "index.html"
    if done.returncode or runs.SAID not in page.read_text(encoding="utf-8"):
        raise Astray(f"the site was not built: {done.stderr[-500:]}")
    return "each page says that its numbers are made up"


def refused(github: Workplace) -> str:
    """The schema of published runs takes none of them."""
    paths = sorted((github.place / "results" / "runs").glob("*.json"))
    for path in paths:
        try:
            results.read(path)
        except results.BadResults:
            continue
        raise Astray(f"{path.name} would be taken for a published run")
    return f"all {len(paths)} made-up runs are refused by the schema of published ones"


def document(steps: list[Step]) -> str:
    """The stored result, which a page shows."""
    from importlib import metadata

    said = {
        "date": datetime.now(UTC).date().isoformat(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "torch": metadata.version("torch"),
        "snippets": len(OLD) + 1,
    }
    return (
        json.dumps({"evidence": "emulated", "provenance": said, "steps": [asdict(one) for one in steps]}, indent=1)
        + "\n"
    )
