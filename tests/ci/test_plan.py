"""Which jobs run on Macs: within a budget, macos-15 first, strangers on hosted machines, nothing lost tried once more."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from mpscheck.bugs import catalogue
from mpscheck.runs import journal, results

SILENT = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "no_proxy": "127.0.0.1",
}  # so that the settings' own list is taken
HOME_MAC = {
    "label": ["self-hosted", "macOS", "ARM64"],
    "name": "at-home",
    "macos": "26",
    "image": None,
    "trusted": True,
}


@pytest.fixture
def plan(root, tmp_path):
    """plan(*arguments, **variables): the outputs of the script, in a process without torch; `settings` replaces some."""
    script = tmp_path / "scripts" / "ci"
    shutil.copytree(root / "scripts" / "ci", script)

    def run(*arguments, settings=None, **variables):
        if settings:
            whole = json.loads((script / "matrix.json").read_text()) | settings
            (script / "matrix.json").write_text(json.dumps(whole))
        file = tmp_path / "output"
        file.write_text("")
        code = f"import runpy, sys; sys.modules['torch'] = None; sys.argv = {['plan.py', *arguments]!r}; "
        code += f"sys.path.insert(0, {str(script)!r}); runpy.run_path({str(script / 'plan.py')!r}, run_name='__main__')"
        environment = os.environ | SILENT | {"GITHUB_OUTPUT": str(file)} | variables
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path
        )
        if done.returncode != 0:
            return done
        found = dict(line.split("=", 1) for line in file.read_text().splitlines())
        legs = {name: json.loads(found[name])["include"] if found[name] else [] for name in ("matrix", "reporter")}
        return legs | {"snippets": found.get("snippets", "").split()}

    return run


def pairs(found):
    return [(leg["runner"], leg["torch"]) for leg in found["matrix"]]


def test_by_hand_every_release_on_every_runner_macos_15_first(plan):
    found = plan("jobs", EVENT="workflow_dispatch")
    names = [runner for runner, _ in pairs(found)]
    assert names == sorted(names) and set(names) == {"macos-15", "macos-26"}
    chosen = {torch for _, torch in pairs(found)}
    assert {"2.8.0", "2.0.1", "2.15.0", "2.14.1"} <= chosen and len(found["matrix"]) == 2 * len(chosen)
    assert found["matrix"][0] == {"runner": "macos-15", "label": "macos-15", "torch": "2.8.0", "python": "3.11"}
    assert found["reporter"] == [{"runner": name, "label": name} for name in ("macos-15", "macos-26")]
    measurable = {
        bug.slug for bug in catalogue.with_check() if any(bug.state(torch, "15.6") == "affected" for torch in chosen)
    }
    assert len(measurable) >= 8, "bugs that a hosted runner can find"


def test_by_hand_the_releases_that_were_asked_for(plan):
    found = plan("jobs", "2.9.1, 2.15.0", EVENT="workflow_dispatch")
    assert [torch for _, torch in pairs(found)] == ["2.9.1", "2.15.0"] * 2 and found["reporter"] == []


def test_by_hand_a_release_on_one_runner_and_a_candidate(plan):
    found = plan("jobs", "2.9.1@macos-26,2.16.0rc1", EVENT="workflow_dispatch")
    assert pairs(found) == [("macos-15", "2.16.0rc1"), ("macos-26", "2.9.1"), ("macos-26", "2.16.0rc1")]


@pytest.mark.parametrize("bad", ["2.9", "2.9.1@elsewhere", "2.9.1@", "latest", "2.9.1;id", "../2.9.1", "2.9.1\n2.9.1"])
def test_what_is_no_release_is_refused_in_one_sentence(plan, bad):
    done = plan("jobs", bad, EVENT="workflow_dispatch")
    assert done.returncode == 2 and done.stdout == "" and "is not a torch release" in done.stderr


@pytest.fixture
def clone(root, tmp_path):
    """A repository with the snippets, where the plan is made; base: its first commit; change(name): one that touches it."""

    def git(*arguments):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    shutil.copytree(root / "snippets" / "bugs", tmp_path / "snippets" / "bugs")
    git("init", "-q")
    git("add", "snippets")
    git("commit", "-qm", "all")

    def change(*names):
        for name in names:
            with (tmp_path / "snippets" / "bugs" / name).open("a") as file:
                file.write("# changed\n")
            git("add", "snippets")
        git("commit", "-qm", "changed")

    change.base = git("rev-parse", "HEAD")
    return change


def test_a_push_has_a_small_budget_and_measures_all_snippets(plan, clone):
    clone("triu-minus-inf-gives-nan.py")
    found = plan("jobs", EVENT="push", BASE=clone.base)
    assert len(found["matrix"]) == 4 and {runner for runner, _ in pairs(found)} == {"macos-15"}
    assert found["snippets"] == [] and found["reporter"] == []


def test_a_pull_request_measures_its_own_snippet_where_it_is_expected_and_on_the_newest(plan, clone):
    clone("linear-noncontiguous-weight.py")
    found = plan("jobs", EVENT="pull_request", BASE=clone.base)
    assert found["snippets"] == ["linear-noncontiguous-weight"]
    assert pairs(found) == [("macos-15", "2.8.0"), ("macos-15", "2.15.0")]


def test_of_many_changed_snippets_each_is_found_once_if_the_budget_allows(plan, clone):
    changed = [
        bug
        for bug in catalogue.with_check()
        if any(bug.state(v, "15") == "affected" for v in ("2.8.0", "2.3.1", "2.13.0"))
    ]
    clone(*(bug.check.path.name for bug in changed))
    found = plan("jobs", EVENT="push", BASE=clone.base)
    taken = [torch for _, torch in pairs(found)]
    assert all(any(bug.state(torch, "15") == "affected" for torch in taken) for bug in changed)


def test_a_pull_request_of_something_else_starts_nothing(plan, clone):
    clone.base = "0" * 40
    assert plan("jobs", EVENT="pull_request", BASE=clone.base) == {"matrix": [], "reporter": [], "snippets": []}
    assert plan("jobs", EVENT="pull_request", BASE="--output=/x")["matrix"] == []


def test_a_file_that_is_no_bug_of_the_catalogue_is_no_argument(plan, clone, tmp_path):
    (tmp_path / "snippets" / "bugs" / "--device=cpu.py").write_text("")
    clone("linear-noncontiguous-weight.py")
    assert plan("jobs", EVENT="pull_request", BASE=clone.base)["snippets"] == ["linear-noncontiguous-weight"]


def test_a_mac_at_home_is_one_line_and_gets_no_strangers_code(plan, clone):
    runners = [HOME_MAC, {"label": "macos-15", "name": "macos-15", "macos": "15", "image": "macos15", "trusted": False}]
    by_hand = plan("jobs", settings={"runners": runners}, EVENT="workflow_dispatch")
    assert by_hand["matrix"][0] == {"runner": "at-home", "label": HOME_MAC["label"], "torch": "2.8.0", "python": "3.11"}
    clone("linear-noncontiguous-weight.py")
    found = plan("jobs", settings={"runners": runners}, EVENT="pull_request", BASE=clone.base)
    assert {runner for runner, _ in pairs(found)} == {"macos-15"}


def test_only_what_delivered_no_answer_is_tried_again(plan, tmp_path, emulated_run):
    versions = ("2.8.0", "2.7.1", "2.9.1", "2.10.0", "2.11.0")
    asked = [{"runner": "macos-15", "label": "macos-15", "torch": torch} for torch in versions]
    reporters = [{"runner": "macos-15", "label": "macos-15"}]
    there, stopped, broken, empty = (tmp_path / "in" / f"run-{version}-macos-15" for version in versions[:4])
    for folder in (there, stopped, broken, empty):
        folder.mkdir(parents=True)
    results.write(there / "run.json", emulated_run)
    with journal.Journal(stopped / "run.json", emulated_run["provenance"], resume=False) as part:
        part.append(emulated_run["records"][0])
    failed = {"outcome": "crash", "reason": "exit code 1", "before": [], "functions": {}}
    nothing = [record | {"attempts": [failed]} for record in emulated_run["records"]]
    results.write(empty / "run.json", emulated_run | {"records": nothing})
    (broken / "run.json").write_text("{")
    variables = {"MATRIX": json.dumps({"include": asked}), "REPORTER": json.dumps({"include": reporters})}
    found = plan("missing", str(tmp_path / "in"), **variables)
    assert (found["matrix"], found["reporter"]) == (asked[2:], reporters)
    assert plan("missing", str(tmp_path / "in"), MATRIX="", REPORTER="") == {
        "matrix": [],
        "reporter": [],
        "snippets": [],
    }
