"""`mpscheck controls`: every check is itself checked, and a check that does not work is found."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import chosen
import pytest

from mpscheck.bugs import catalogue
from mpscheck.commands import controls
from mpscheck.runs import emulated, results

ROW = {
    "healthy": {"compute": "agrees", "control": "agrees", "workaround": "agrees"},
    "healthy_bitwise": True,
    "honest": {"compute": "agrees", "control": "agrees", "workaround": "agrees"},
    "sick": {"compute": "wrong", "control": "agrees", "workaround": "agrees"},
    "calls": {"compute": 1, "control": 0, "workaround": 0},
}
BUG = catalogue.find("linear-noncontiguous-weight")


def test_a_row_as_it_must_be_has_no_problem():
    assert controls.problems_of(ROW, BUG) == []
    for bits in (None, False):  # of a random sample; of an op with a kernel of its own on the CPU
        assert controls.problems_of(ROW | {"healthy_bitwise": bits}, BUG) == []


def test_a_sick_device_shows_the_fault_as_its_kind_does():
    error = dataclasses.replace(BUG, kind="error")
    sick = {"sick": ROW["sick"] | {"compute": "error"}, "reasons": {"sick": "RuntimeError: on purpose"}}
    assert controls.problems_of(ROW | sick, error) == []
    assert "sick: RuntimeError: on purpose; sick compute: error, must be caught as wrong or nan" in "; ".join(
        controls.problems_of(ROW | sick, BUG)
    )
    assert "sick compute: wrong, must be caught as error or unsupported" in controls.problems_of(ROW, error)


def test_what_cannot_be_imitated_is_proven_healthy_alone():
    """Of a crash, a hang and compiled code there is no imitation, and the bug says why."""
    compiled = dataclasses.replace(BUG, triggers=(), effect=None, absent={"trigger": "no op is called"})
    row = ROW | {"snippet": "compiled", "sick": {}, "sick_ratio": None, "honest_ratio": 1.0}
    assert controls.problems_of(row | {"calls": ROW["calls"] | {"compute": 0}}, compiled) == []
    assert controls.lines_of(row, compiled)[-1] == "not proven by emulation: no op is called"
    assert controls.problems_of(row | {"honest": ROW["honest"] | {"compute": "wrong"}}, compiled)


def test_a_trigger_without_an_effect_must_match_compute_alone():
    crash = dataclasses.replace(BUG, kind="crash", effect=None, absent={"effect": "it would end the process"})
    row = ROW | {"snippet": "crash", "sick": {}, "sick_ratio": None, "honest_ratio": 1.0}
    assert controls.problems_of(row, crash) == []
    assert controls.lines_of(row, crash)[-1] == "not proven by emulation: it would end the process; trigger 1/0/0"
    unmatched = row | {"calls": {"compute": 0, "control": 2, "workaround": 0}}
    said = controls.problems_of(unmatched, crash)
    assert said == ["the trigger matches no call of compute", "the trigger matches 2 call(s) of control"]


def test_the_summary_does_not_count_an_unproven_fault_as_caught(capsys):
    compiled = catalogue.find("layer-norm-inductor-compile")
    assert compiled.not_imitated and not compiled.imitable and BUG.not_imitated is None
    row = ROW | {"snippet": compiled.slug, "sick": {}, "sick_ratio": None, "honest_ratio": 1.0}
    for problems, working in (({}, "1 of 1"), ({compiled.slug: ["wrong"]}, "0 of 1")):
        controls._print([row, ROW | {"snippet": BUG.slug, "honest_ratio": 1.0, "sick_ratio": 1e6}], problems)
        said = "1 of 1 checks work: healthy and honest agree, the fault is caught, workarounds work; "
        printed = " ".join(capsys.readouterr().err.split())  # whatever the width of the terminal
        assert f"{said}{working} not proven by emulation: healthy and honest agree." in printed


def test_too_little_memory_says_nothing_of_a_check():
    row = {"snippet": "large", "healthy": {"compute": "not-run"}, "reasons": {"healthy": "needs 6 GiB, 4 are free"}}
    assert controls.problems_of(row, BUG) == []
    assert controls.lines_of(row, BUG) == ["large", "skipped: needs 6 GiB, 4 are free"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"healthy": ROW["healthy"] | {"control": "error"}}, "healthy control: error"),
        ({"honest": ROW["honest"] | {"compute": "wrong"}}, "honest compute: wrong"),
        ({"sick": ROW["sick"] | {"compute": "agrees"}}, "must be caught"),
        ({"sick": ROW["sick"] | {"compute": "crash"}}, "must be caught"),
        ({"sick": ROW["sick"] | {"workaround": "wrong"}}, "sick workaround: wrong"),
        ({"calls": ROW["calls"] | {"compute": 0}}, "matches no call of compute"),
        ({"calls": ROW["calls"] | {"control": 2}}, "matches 2 call(s) of control"),
    ],
)
def test_each_thing_that_is_not_as_it_must_be_is_named(change, words):
    assert words in "; ".join(controls.problems_of(ROW | change, BUG))


def test_the_result_fits_a_terminal_and_loses_no_word(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    published = [document["row"] for document in emulated.read(controls.KIND).values()]
    long = {name: "nondeterministic" for name in ("compute", "control", "workaround")}
    calls = {"compute": 1000, "control": 0, "workaround": 0}
    worst = published[0] | {"healthy": long, "honest": long, "sick": long, "honest_ratio": 1.234e-5, "calls": calls}
    controls._print([*published, worst], {BUG.slug: ["healthy compute: nondeterministic, must agree"] * 3})
    printed = capsys.readouterr().err
    assert [line for line in printed.splitlines() if len(line) > 80 or "…" in line] == []
    printed_words = " ".join(printed.split())
    for line in controls.lines_of(worst, BUG):
        assert line in printed_words
    assert re.search(
        r"sick: compute wrong \(ratio \S+\), control agrees, workaround agrees; trigger 1/0/0", printed_words
    )
    for row in published:
        assert f"{row['snippet']}\n  healthy: agrees, bits " in printed


@pytest.fixture(scope="module")
def copy(tmp_path_factory, root):
    """A copy of the repository in which `mpscheck` can be run without touching anybody's results."""
    copy = tmp_path_factory.mktemp("repository")
    shutil.copytree(root / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("snippets/bugs", "catalogue", "results/emulated/controls"):
        shutil.copytree(root / folder, copy / folder)
    shutil.copy(results.SCHEMA, copy / "results" / "schema.json")
    return copy


@pytest.fixture(scope="module")
def run(copy):
    """`mpscheck controls` with these arguments, in the copy."""

    def run(*arguments):
        command = [sys.executable, "-m", "mpscheck.cli", "controls", *arguments]
        environment = os.environ | {"PYTHONPATH": str(copy / "src")}
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=copy, timeout=300)

    return run


def test_each_shipped_check_works(run):
    """What is published of an unchanged check is held to be true, but for one of each family, which is measured again.

    A check that is new, or was changed, is measured, so that this costs what changed and not what there is.
    """
    stored = chosen.published()
    again = [bug.slug for bug in chosen.one_of_each(lambda bug: bug.family, catalogue.with_check())]
    problems = {slug: controls.problems_of(row, catalogue.find(slug)) for slug, row in stored.items()}
    assert {slug: said for slug, said in problems.items() if said} == {}
    done = run("--json", *again)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["snippet"] for row in rows] == again
    verdicts = ("healthy", "honest", "sick", "calls")
    assert [row for row in rows if any(row[n] != stored.get(row["snippet"], row)[n] for n in verdicts)] == []


def test_publishing_one_leaves_the_others(run, copy):
    folder = copy / "results" / "emulated" / "controls"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    done = run(BUG.slug, "--publish")
    assert done.returncode == 0, done.stderr
    after = {path.name: path.read_text() for path in folder.iterdir()}
    own = f"{BUG.slug}.json"
    assert before.keys() | {own} == after.keys()
    assert {name: text for name, text in after.items() if name != own} == {
        name: text for name, text in before.items() if name != own
    }


def test_what_was_measured_is_kept_and_a_spoilt_file_is_measured_again(run, copy):
    run(BUG.slug)
    assert "0 measured, 1 kept" in run(BUG.slug, "--resume").stdout
    (copy / "results" / "local" / "emulated" / "controls" / f"{BUG.slug}.json").write_text("{")
    done = run(BUG.slug, "--resume")
    assert "1 measured, 0 kept" in done.stdout and "it is measured again" in done.stderr


def test_ctrl_c_loses_no_row_that_is_complete(run, copy):
    folder = copy / "results" / "local" / "emulated" / "controls"
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "mpscheck.cli", "controls"]
    environment = os.environ | {"PYTHONPATH": str(copy / "src")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=copy) as process:
        said = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    first = catalogue.with_check()[0].slug
    assert said.startswith(f"controls 1/{len(catalogue.with_check())}: {first}")
    assert process.returncode == 1  # stopped, not done
    assert "0 measured, 1 kept" in run(first, "--resume").stdout
