"""The watcher of releases: what it asks of the index, git and GitHub, and what it does of it."""

import json
import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest

from mpscheck.known import watch as planning
from mpscheck.rehearsal import index as loopback

DAY = "2026-11-20"
TAG = "cp311-none-macosx_14_0_arm64"


@pytest.fixture
def releases(root, monkeypatch):
    """The script's functions."""
    monkeypatch.syspath_prepend(str(root / "scripts/ci"))
    return SimpleNamespace(**runpy.run_path(str(root / "scripts/ci/releases.py")))


@pytest.fixture
def index(monkeypatch):
    """An index on this machine that pip is told to ask, with two releases."""
    announced = loopback.Index()
    announced.announce("torch", "2.15.0", DAY, TAG)
    announced.announce("torch", "2.14.1", DAY, TAG)
    announced.announce("transformer-lens", "1.0.0", "2023-01-01", "py3-none-any")
    with loopback.served(announced) as address:
        monkeypatch.setenv("PIP_INDEX_URL", address)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield announced


@pytest.fixture
def silent(monkeypatch):
    """An index that does not answer."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def github(releases, monkeypatch, tmp_path):
    """A `gh` that remembers what it was asked; an empty folder of runs; what is written on the branch `watched`."""
    fake = SimpleNamespace(asked=[], started=[], pulls=[], issues=[], runs=tmp_path / "runs", kept=[], branches={})

    def gh(*arguments):
        fake.asked.append(arguments)
        answers = {"run": fake.started, "pr": fake.pulls, "issue": fake.issues}
        return json.dumps(answers.get(arguments[0], []))

    for name, stand_in in {"gh": gh, "RUNS": fake.runs, "on_branch": lambda branch: fake.branches[branch]}.items():
        monkeypatch.setitem(releases.main.__globals__, name, stand_in)
    monkeypatch.setattr(releases.watched, "keep", fake.kept.append)
    return fake


@pytest.fixture
def call(releases, monkeypatch, github):
    """Call the script with arguments; its exit code, and what GitHub was told to start."""

    def called(*arguments):
        github.asked.clear()
        monkeypatch.setattr("sys.argv", ["releases.py", *arguments])
        code = releases.main()
        return code, [asked[-1] for asked in github.asked if asked[:3] == ("workflow", "run", "mps.yml")]

    return called


BOTH = ["torch=2.15.0@macos-15,2.15.0@macos-26", "torch=2.14.1@macos-15,2.14.1@macos-26"]


def test_each_release_is_started_by_itself_so_that_it_has_a_pull_request_of_its_own(call, index, github):
    assert call("watch") == (0, BOTH)
    assert github.asked[-1] == ("workflow", "run", "pages.yml")
    said = json.loads(github.kept[0])
    assert said["newest"] == "2.15.0" and len(said["started"]) == 4 and said["looked"].endswith("+00:00")


def test_what_is_under_way_is_not_started_again(call, index, github):
    github.started += [{"displayTitle": "mps torch 2.15.0@macos-15,2.15.0@macos-26", "status": "in_progress"}]
    assert call("watch") == (0, BOTH[1:])


def run(torch, number, device="mps"):
    where = {"torch": torch, "device": device, "macos": f"{number}.1", "runner": f"macos{number}"}
    return {"provenance": where}


def test_published_runs_and_those_in_open_pull_requests_are_not_measured_again(call, index, github):
    github.runs.mkdir()
    (github.runs / "a.json").write_text(json.dumps(run("2.15.0", 15)))
    (github.runs / "b.json").write_text(json.dumps(run("2.15.0", 26, device="emu")))
    github.branches["runs/mps-1"] = [run("2.14.1", 26)["provenance"]]
    github.pulls += [
        {"headRefName": "runs/mps-1", "isCrossRepository": False},
        {"headRefName": "runs/mps-2", "isCrossRepository": True},  # a stranger's is not looked at
        {"headRefName": "other", "isCrossRepository": False},
    ]
    assert call("watch") == (0, ["torch=2.15.0@macos-26", "torch=2.14.1@macos-15"])


def test_a_question_is_asked_once(call, index, github):
    index.announce("torch", "2.16.0", DAY, "cp311-none-macosx_26_0_arm64")
    assert call("watch")[1][0] == "torch=2.16.0@macos-26"
    (issue,) = [asked for asked in github.asked if asked[:2] == ("issue", "create")]
    assert issue[3] == "No wheel of torch 2.16.0 for macos-15"
    github.issues.append({"title": issue[3]})
    call("watch")
    assert not [asked for asked in github.asked if asked[:2] == ("issue", "create")]


def test_a_silent_index_is_an_error_that_is_asked_about_and_starts_nothing(call, silent, github, capsys):
    assert call("watch") == (1, [])
    assert [asked[3] for asked in github.asked if asked[:2] == ("issue", "create")] == [
        "The package index does not say which releases there are"
    ]
    assert github.kept == [] and "does not say which releases of torch there are" in capsys.readouterr().err


def test_the_newest_patch_of_the_two_newest_minor_releases(releases, index):
    for version in ("2.14.2", "2.13.9", "2.16.0rc1"):
        index.announce("torch", version, DAY, TAG)
    assert releases.newest_minors(releases.on_index()) == ["2.15.0", "2.14.2"]


def test_a_silent_index_gives_the_list_kept_in_the_settings(releases, silent):
    assert {"2.15.0", "2.14.1"} <= set(releases.all_versions(releases.on_index()))


def test_the_title_that_the_watcher_looks_for_is_the_one_that_the_workflow_gives(root):
    text = (root / ".github/workflows/mps.yml").read_text(encoding="utf-8")
    assert f"run-name: {planning.TITLE} ${{{{ inputs.torch || '{planning.EVERYTHING}' }}}}" in text


def test_gh_is_called_as_a_program(releases, monkeypatch, tmp_path):
    (tmp_path / "gh").write_text('#!/bin/sh\nprintf "%s " "$@"\n')
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert releases.gh("run", "list") == "run list "
    (tmp_path / "gh").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        releases.gh("run", "list")


def test_when_the_watcher_looked_is_kept_on_a_branch_and_taken_from_there(root, releases, tmp_path, monkeypatch):
    """Twice, in a clone of a bare repository: each look is a commit upon the one before, and `main` stays as it was."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q", "--bare", "-b", "main", "origin.git"], ["clone", "-q", "origin.git", "clone"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path / "clone")
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "all"], check=True)
    monkeypatch.setattr(releases.watched, "WATCHED", tmp_path / "site" / "watched.json")
    monkeypatch.setattr(sys, "argv", ["watched.py", "fetch"])
    assert releases.watched.main() == 0 and not (tmp_path / "site").exists()
    for text in ('{"looked": "first"}\n', '{"looked": "second"}\n'):
        releases.watched.keep(text)
    assert releases.watched.main() == 0
    assert (tmp_path / "site" / "watched.json").read_text() == '{"looked": "second"}\n'
    count = subprocess.run(
        [*git, "rev-list", "--count", "watched"],
        cwd=tmp_path / "origin.git",
        check=True,
        capture_output=True,
        text=True,
    )
    assert count.stdout == "2\n" and list((tmp_path / "clone").iterdir()) == [tmp_path / "clone" / ".git"]
