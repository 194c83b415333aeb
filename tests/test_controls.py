"""`mpscheck controls`: every check is itself checked, and a check that does not work is found."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from mpscheck import catalogue, results
from mpscheck.commands import controls

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
    assert controls.problems_of(ROW | {"healthy_bitwise": None}, BUG) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"healthy": ROW["healthy"] | {"control": "error"}}, "healthy control: error"),
        ({"healthy_bitwise": False}, "not bit for bit"),
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
    published = json.loads(controls.PUBLISHED.read_text())["rows"]
    long = {name: "nondeterministic" for name in ("compute", "control", "workaround")}
    calls = {"compute": 1000, "control": 0, "workaround": 0}
    worst = published[0] | {"healthy": long, "honest": long, "sick": long, "honest_ratio": 1.234e-5, "calls": calls}
    controls._print([*published, worst], {BUG.slug: ["healthy compute: nondeterministic, must agree"] * 3})
    printed = capsys.readouterr().err
    assert [line for line in printed.splitlines() if len(line) > 80 or "…" in line] == []
    for line in ("sick: compute wrong, control agrees, workaround agrees; trigger 1/0/0", *controls.lines_of(worst)):
        assert line in " ".join(printed.split())
    for row in published:
        assert f"{row['snippet']}\n  healthy: agrees, bits " in printed


def test_all_shipped_checks_work_and_the_published_table_is_current(tmp_path, root):
    """The real thing, in a copy of the repository so that nobody's results are touched."""
    copy = tmp_path / "copy"
    shutil.copytree(root / "scripts", copy / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "snippets" / "bugs", copy / "snippets" / "bugs")
    (copy / "results").mkdir()
    shutil.copy(results.SCHEMA, copy / "results" / "schema.json")
    environment = os.environ | {"PYTHONPATH": str(copy / "scripts")}
    command = [sys.executable, "-m", "mpscheck.cli", "controls", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=copy, timeout=300)
    assert done.returncode == 0, done.stderr
    now = json.loads(done.stdout)
    published = json.loads(controls.PUBLISHED.read_text())

    def comparable(document):
        return {r["snippet"]: {k: v for k, v in r.items() if not k.endswith("_ratio")} for r in document["rows"]}

    assert comparable(now) == comparable(published), "run `mpscheck controls --publish` and commit the file"
    assert set(comparable(now)) == {bug.slug for bug in catalogue.load()}
