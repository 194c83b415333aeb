"""`mpscheck stats` counts every known bug once, whether it has a check or is known from threads alone."""

import dataclasses
import json

import pytest
from click.testing import CliRunner

from mpscheck.bugs import catalogue
from mpscheck.cli import main
from mpscheck.commands import stats
from mpscheck.known import evidence, measured, releases
from mpscheck.known.answer import answer
from mpscheck.known.entry import Entry, entries
from mpscheck.known.setups import Setup


@pytest.fixture(scope="module")
def printed():
    return json.loads(CliRunner().invoke(main, ["stats", "--json"]).output)


@pytest.mark.parametrize(
    "part, bugs",
    [("with_check", catalogue.with_check()), ("threads_alone", catalogue.rows())],
    ids=["check", "threads"],
)
def test_every_bug_counts_once(printed, part, bugs):
    found = printed[part]
    assert found["bugs"] == len(bugs) > 0
    assert all(sum(found[name].values()) == len(bugs) for name in ("family", "kind", "versions", "newest release"))
    assert found["evidence"]["reported"] == len(bugs)
    assert found["versions"].get("no range", 0) == sum(not str(bug.affected) for bug in bugs)
    newest = Setup(releases.load()[-1].version)
    states = [answer(bug, newest).state for bug in bugs]
    shown = {
        state: sum(n for said, n in found["newest release"].items() if said.startswith(state)) for state in set(states)
    }
    assert shown == {state: states.count(state) for state in shown} and shown["unknown"]


def test_the_table_has_the_same_figures(printed):
    lines = CliRunner().invoke(main, ["stats"]).output.splitlines()
    for name, value in (("family", "strides"), ("kind", "wrong"), ("versions", "no range"), ("evidence", "emulated")):
        row = next(line for line in lines[lines.index(f"by {name}") :] if line.endswith(f"  {value}"))
        figures = [printed[part][name].get(value, 0) for part in ("with_check", "threads_alone")]
        assert [int(word) for word in row.split()[:2]] == figures


def test_a_run_on_a_mac_counts_as_measured(mac_run):
    bugs, controls = catalogue.with_check(), evidence.read_controls()
    there = stats.counts(entries(bugs, (), measured.index(bugs, {"mac": mac_run}), controls))
    none = stats.counts(entries(bugs, (), measured.NONE, controls))
    assert there["evidence"]["measured"] - none["evidence"]["measured"] == 2


def test_a_bug_whose_versions_nobody_states_has_no_range():
    bug = next(bug for bug in catalogue.rows() if bug.fixed)
    open_ended = dataclasses.replace(bug, affected=type(bug.affected)(">=2.0"))
    unknown = dataclasses.replace(bug, affected=type(bug.affected)(""))
    said = [stats.versions(Entry(one, ("reported",), ())) for one in (bug, open_ended, unknown)]
    assert said == ["a range with a known fix", "a range, no known fix", "no range"]
