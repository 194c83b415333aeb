"""The pull request of runs: a branch of each run's own, and nothing that is open is ever overwritten.

A bare repository stands in place of GitHub, a small program in place of its command line.
"""

import os
import subprocess
import sys

import pytest

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b.c")
GH = """#!/bin/sh
echo "$@" >> {log}
case "$1 $2" in
"pr list") [ -e {open} ] && echo '[{{"number": 1}}]' || echo '[]';;
"pr create") touch {open};;
esac
"""


def git(folder, *arguments) -> str:
    done = subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def github(tmp_path):
    """A bare repository whose main holds one published run; the folder of all clones."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "github.git")
    git(tmp_path, "clone", "-q", str(tmp_path / "github.git"), "first")
    runs = tmp_path / "first" / "results" / "runs"
    runs.mkdir(parents=True)
    (runs / "old.json").write_text("of last year")
    (tmp_path / "first" / "README.md").write_text("read me")
    git(tmp_path / "first", "add", "-A")
    git(tmp_path / "first", "commit", "-qm", "all")
    git(tmp_path / "first", "push", "-q", "origin", "HEAD:main")
    return tmp_path


@pytest.fixture
def publish(github, root):
    """publish(run, files): one job in a fresh clone, as shallow as GitHub makes it; the finished process."""

    def job(run, files, broken=False):
        place = github / f"clone-{len(list(github.iterdir()))}"
        git(github, "clone", "-q", "--depth=1", f"file://{github / 'github.git'}", str(place))
        for name, text in files.items():
            (place / "results" / name).parent.mkdir(parents=True, exist_ok=True)
            (place / "results" / name).write_text(text)
        (place / "left-over.txt").write_text("of the environment")
        (place / "body.md").write_text("what was measured")
        tools = github / f"tools-{run}"
        tools.mkdir(exist_ok=True)
        (tools / "gh").write_text(GH.format(log=github / "gh.log", open=github / f"open-{run}"))
        (tools / "gh").chmod(0o755)
        command = [
            sys.executable,
            str(root / "scripts/ci/publish.py"),
            "--branch",
            f"runs/mps-{run}",
            "--body",
            "body.md",
        ]
        environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}
        return subprocess.run(command, cwd=place, capture_output=True, text=True, env=environment)

    return job


def files(github, branch) -> dict[str, str]:
    bare = github / "github.git"
    names = git(bare, "ls-tree", "-r", "--name-only", branch).split("\n")
    return {name: git(bare, "show", f"{branch}:{name}") for name in names}


def sixteen(text):
    return {f"runs/{number}.json": text for number in range(16)}


def test_a_second_run_leaves_the_open_pull_request_of_the_first_alone(github, publish):
    assert publish(1, sixteen("first")).returncode == 0
    before = git(github / "github.git", "rev-parse", "runs/mps-1")
    assert publish(2, {"runs/0.json": "second", "runs/1.json": "second"}).returncode == 0
    assert git(github / "github.git", "rev-parse", "runs/mps-1") == before
    assert list(files(github, "runs/mps-1").values()).count("first") == 16
    assert list(files(github, "runs/mps-2").values()).count("second") == 2


def test_the_same_run_started_again_adds_to_its_branch(github, publish):
    assert publish(1, sixteen("first")).returncode == 0
    before = git(github / "github.git", "rev-parse", "runs/mps-1")
    done = publish(1, {"runs/0.json": "again", "runs/new.json": "new", "reporter/a.json": "result"})
    assert done.returncode == 0, done.stderr
    found = files(github, "runs/mps-1")
    assert list(found.values()).count("first") == 15
    assert (found["results/runs/0.json"], found["results/runs/new.json"]) == ("again", "new")
    assert found["results/reporter/a.json"] == "result" and found["results/runs/old.json"] == "of last year"
    git(github / "github.git", "merge-base", "--is-ancestor", before, "runs/mps-1")


def test_what_another_attempt_renewed_is_not_taken_back(github, publish):
    assert publish(1, {"runs/old.json": "renewed"}).returncode == 0
    assert publish(1, {"runs/more.json": "more"}).returncode == 0
    assert files(github, "runs/mps-1")["results/runs/old.json"] == "renewed"


def test_one_pull_request_a_run_with_the_results_alone(github, publish):
    publish(1, {"runs/a.json": "a"})
    publish(1, {"runs/b.json": "b"})
    asked = (github / "gh.log").read_text().splitlines()
    checks = "workflow run verify.yml --ref runs/mps-1 --raw-field base="
    assert [line.split()[1] for line in asked] == ["list", "create", "run", "list", "run"]
    assert "--head runs/mps-1 --title Runs measured on macOS --body-file body.sent.md" in asked[1]
    assert asked[2] == asked[4] == checks + os.environ.get("GITHUB_SHA", ""), (
        "a pull request of a job's starts no checks itself"
    )
    assert set(files(github, "runs/mps-1")) == {
        "README.md",
        *(f"results/runs/{name}.json" for name in ("old", "a", "b")),
    }


def test_nothing_new_opens_nothing(github, publish):
    done = publish(1, {"runs/old.json": "of last year"})
    assert done.returncode == 0 and "nothing new" in done.stdout
    assert not (github / "gh.log").exists() and git(github / "github.git", "branch", "--list", "runs/*") == ""


def test_nothing_is_pushed_with_force(root):
    text = (root / "scripts/ci/publish.py").read_text(encoding="utf-8")
    assert "--force" not in text and '"+' not in text and '"-f"' not in text
