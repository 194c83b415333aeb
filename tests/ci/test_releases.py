"""Which releases of torch the macOS jobs take, and when they are started."""

import json
import runpy
import subprocess
from types import SimpleNamespace

import pytest

from mpscheck.bugs import catalogue

PIP_SAYS = """torch (2.15.0)
Available versions: 2.15.0, 2.14.1, 2.14.0, 2.13.0, 2.9.1, 2.8.0, 2.0.1, 1.13.1
  INSTALLED: 2.13.0+cpu
"""


@pytest.fixture
def releases(root, monkeypatch):
    """The script's functions; `pip` answers as above."""
    script = SimpleNamespace(**runpy.run_path(str(root / "scripts/ci/releases.py")))
    monkeypatch.setitem(script.main.__globals__, "pip_index", lambda: PIP_SAYS)
    return script


@pytest.fixture
def call(releases, monkeypatch):
    """Call the script with arguments; its exit code."""

    def called(*arguments):
        monkeypatch.setattr("sys.argv", ["releases.py", *arguments])
        return releases.main()

    return called


def test_the_newest_patch_of_the_two_newest_minor_releases(releases):
    assert releases.newest_minors(releases.on_index()) == ["2.15.0", "2.14.1"]


def test_the_matrix_has_every_release_on_every_runner(call, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    assert call("matrix") == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "output").read_text() == f"matrix={printed}"
    pairs = json.loads(printed)["include"]
    assert pairs[0] == {"torch": "2.8.0", "runner": "macos-26"}
    chosen = {"2.8.0", "2.0.1", "2.3.1", "2.4.1", "2.6.0", "2.13.0", "2.15.0", "2.14.1"}
    assert {p["torch"] for p in pairs} == chosen
    assert len(pairs) == 2 * len(chosen)
    measurable = {
        bug.slug for bug in catalogue.with_check() if any(bug.state(torch, "15.6") == "affected" for torch in chosen)
    }
    assert len(measurable) >= 8, "bugs that a hosted runner can find sick"


def test_the_matrix_of_asked_releases_alone(call, capsys):
    assert call("matrix", "2.9.1, 2.15.0") == 0
    assert [p["torch"] for p in json.loads(capsys.readouterr().out)["include"]] == [
        "2.9.1",
        "2.9.1",
        "2.15.0",
        "2.15.0",
    ]


@pytest.mark.parametrize("bad", ["2.9", "latest", "2.9.1;id", "../2.9.1", "2.9.1\n2.9.1"])
def test_what_is_no_release_is_refused_in_one_sentence(call, capsys, bad):
    assert call("matrix", bad) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "is not a torch release" in captured.err


def test_a_silent_index_gives_the_list_kept_in_the_settings(releases, call, capsys, monkeypatch):
    monkeypatch.setitem(releases.main.__globals__, "pip_index", lambda: "")
    assert call("matrix") == 0
    assert {"2.15.0", "2.14.1"} <= {p["torch"] for p in json.loads(capsys.readouterr().out)["include"]}


def published(folder, torch, device="mps"):
    folder.mkdir(exist_ok=True)
    (folder / f"{torch}.json").write_text(json.dumps({"provenance": {"torch": torch, "device": device}}))


@pytest.fixture
def github(releases, monkeypatch, tmp_path):
    """A `gh` that remembers what it was asked, knows the titles of started jobs; and an empty folder of runs."""
    fake = SimpleNamespace(asked=[], titles=[], runs=tmp_path / "runs")

    def gh(*arguments):
        fake.asked.append(arguments)
        return json.dumps([{"displayTitle": title} for title in fake.titles])

    monkeypatch.setitem(releases.main.__globals__, "gh", gh)
    monkeypatch.setitem(releases.main.__globals__, "RUNS", fake.runs)
    return fake


def test_a_new_release_starts_the_jobs_once(call, github, capsys):
    assert call("watch") == 0
    assert github.asked[-1] == ("workflow", "run", "mps.yml", "-f", "torch=2.15.0")
    github.titles.append("mps torch 2.15.0")  # the title that mps.yml gives that run
    assert call("watch") == 0
    assert [asked[0] for asked in github.asked] == ["run", "workflow", "run"]
    assert "started before" in capsys.readouterr().out


def test_a_release_with_published_runs_starts_nothing(call, github):
    published(github.runs, "2.15.0")
    assert call("watch") == 0
    assert github.asked == []


def test_an_emulated_run_does_not_count_as_one(call, github):
    published(github.runs, "2.15.0", device="emu")
    assert call("watch") == 0
    assert github.asked[-1][0] == "workflow"


def test_a_silent_index_is_an_error_and_starts_nothing(releases, call, github, monkeypatch):
    monkeypatch.setitem(releases.main.__globals__, "pip_index", lambda: "")
    assert call("watch") == 1
    assert github.asked == []


def test_the_title_that_the_watcher_looks_for_is_the_one_that_the_workflow_gives(root):
    text = (root / ".github/workflows/mps.yml").read_text(encoding="utf-8")
    assert "run-name: mps torch ${{ inputs.torch || 'all' }}" in text


def test_pip_itself_is_asked(root, monkeypatch, tmp_path):
    """The real pip, with a folder in place of an index."""
    for version in ("2.8.0", "2.10.0", "2.11.0rc1"):
        (tmp_path / f"torch-{version}-py3-none-any.whl").touch()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    script = SimpleNamespace(**runpy.run_path(str(root / "scripts/ci/releases.py")))
    assert script.on_index() == ["2.10.0", "2.8.0"]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "none"))
    assert script.on_index() == []


def test_gh_is_called_as_a_program(releases, monkeypatch, tmp_path):
    (tmp_path / "gh").write_text('#!/bin/sh\nprintf "%s " "$@"\n')
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert releases.gh("run", "list") == "run list "
    (tmp_path / "gh").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        releases.gh("run", "list")
