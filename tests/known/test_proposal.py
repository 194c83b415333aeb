"""A contradiction is settled by a diff of the bug's own file, which says what runs and reports together allow."""

import dataclasses
import subprocess

import planted
import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.known import measured
from mpscheck.known.answer import answer
from mpscheck.known.proposal import diff, proposed_range
from mpscheck.known.setups import Setup
from mpscheck.lint import versions as lint_versions
from mpscheck.runs import results


@pytest.fixture
def bug(linear):
    """Said: affected from 2.8 up to the fix in 2.9, first in the wheel of 2.8; seen in 2.8.0; macOS 15 and newer."""
    return linear


def index(bug, **by_torch):
    """Runs on macOS 15 by torch release: `wrong` is wrong twice. A name is v2_9_0 for 2.9.0."""
    attempts = {"wrong": ("wrong", "wrong"), "right": ("right",)}
    runs = [
        planted.run(planted.record(bug, *attempts[found]), torch=torch[1:].replace("_", "."))
        for torch, found in by_torch.items()
    ]
    return measured.index([bug], planted.runs(*runs))


@pytest.mark.parametrize(
    ("found", "fields"),
    [
        ({"v2_9_0": "wrong"}, {"affected": ">=2.8,<=2.9.0", "basis": {"seen": "thread", "fixed": "unknown"}}),
        (
            {"v2_9_0": "wrong", "v2_9_1": "right"},
            {"affected": ">=2.8,<2.9.1", "basis": {"seen": "thread", "fixed": "measured"}},
        ),
        (
            {"v2_7_0": "wrong", "v2_6_0": "right"},
            {
                "introduced": {"version": "2.7.0", "basis": "measured"},
                "affected": ">=2.7.0,<2.9",
                "basis": {"seen": "measured", "fixed": "thread"},
            },
        ),
        (
            {"v2_7_0": "wrong"},
            {"introduced": None, "affected": ">=2.7.0,<2.9", "basis": {"seen": "measured", "fixed": "thread"}},
        ),
    ],
)
def test_the_range_holds_what_was_measured_and_what_was_reported(bug, found, fields):
    assert proposed_range(bug, index(bug, **found)).fields == fields


def test_right_between_the_last_report_and_the_fix_moves_the_fix(bug):
    wide = dataclasses.replace(bug, affected=type(bug.affected)(">=2.8,<2.11"))
    proposed = proposed_range(wide, index(wide, v2_8_0="wrong", v2_10_0="right"))
    assert proposed.fields == {"affected": ">=2.8,<2.10.0", "basis": {"seen": "thread", "fixed": "measured"}}


def test_runs_that_contradict_nothing_propose_nothing(bug):
    assert proposed_range(bug, index(bug, v2_8_0="wrong", v2_9_0="right")) is None
    assert proposed_range(bug, measured.NONE) is None


def test_no_range_is_proposed_against_a_report(bug):
    """Right in the version that a thread saw wrong: the claim lacks a condition, no range can say so."""
    proposed = proposed_range(bug, index(bug, v2_8_0="right", v2_9_0="wrong"))
    assert not proposed.fields and "2.8" in proposed.why_not


def test_the_diff_settles_it_and_the_linter_agrees(bug, tmp_path):
    """Taken in, the answer is no contradiction any more, and the file is as the rules want it."""
    path = tmp_path / "snippets" / "bugs" / bug.check.path.name
    path.parent.mkdir(parents=True)
    path.write_text(bug.check.source)
    found = index(bug, v2_9_0="wrong", v2_9_1="right", v2_7_0="wrong")
    patch = diff(bug, proposed_range(bug, found), f"snippets/bugs/{path.name}")
    changed = [line for line in patch.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert len(changed) == 5, patch
    subprocess.run(["git", "apply", "-"], input=patch, text=True, check=True, cwd=tmp_path)
    settled = catalogue.read(path)
    assert settled.check.code_hash == bug.check.code_hash, "the measurements still count"
    assert not list(lint_versions.check(settled))
    states = [answer(settled, Setup(torch, "15", False), found) for torch in ("2.7.0", "2.8.0", "2.9.0", "2.9.1")]
    assert [one.state for one in states] == ["affected", "affected", "affected", "not affected"]
    assert proposed_range(settled, found) is None


def test_the_command_prints_the_contradiction_and_the_diff(bug, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(results, "UNVERIFIED", tmp_path / "unverified")
    assert CliRunner().invoke(main, ["settle"]).output == "No run contradicts what is said.\n"
    run = planted.run(planted.record(bug, "wrong", "wrong"), torch="2.9.0", by_ci=False)
    results.write(tmp_path / "unverified" / "theirs.json", run)
    done = CliRunner().invoke(main, ["settle"])
    assert done.exit_code == 1
    for words in ("contradiction: affected in unverified runs", "torch 2.9.0, macOS 15, a real GPU", "theirs"):
        assert words in done.output
    assert '-    "affected": ">=2.8,<2.9",\n' in done.output and '+    "affected": ">=2.8,<=2.9.0",\n' in done.output
