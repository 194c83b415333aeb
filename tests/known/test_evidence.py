import copy
import dataclasses
import json

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import evidence
from mpscheck.runs import emulated, made_of
from mpscheck.runs.results import BadResults
from mpscheck.site import words
from mpscheck.site.pages import results as results_page


def row(bug, **changes) -> dict:
    agrees = {name: "agrees" for name in bug.check.functions}
    whole = {
        "snippet": bug.slug, "healthy": agrees, "healthy_bitwise": True, "honest": agrees,
        "honest_ratio": 0.8, "sick": agrees | {"compute": "wrong"}, "sick_ratio": 1e7,
    }  # fmt: skip
    return whole | changes


def table(*rows, **changes) -> dict[str, dict]:
    """Stored controls by slug; `changes` are parts that they were made of and that are others now."""
    made = {row["snippet"]: made_of.of_check(catalogue.find(row["snippet"])) | changes for row in rows}
    return {row["snippet"]: {"provenance": {}, "made_of": made[row["snippet"]], "row": row} for row in rows}


def test_measurements_are_newest_first(linear, mac_run):
    older = copy.deepcopy(mac_run)
    older["provenance"]["date"] = "2020-01-01T00:00:00+00:00"
    found = evidence.measurements(linear, {"old": older, "new": mac_run})
    assert [m.run for m in found] == ["new", "old"]


def test_only_mps_counts_as_a_mac(linear, mac_run, emulated_run):
    assert [m.run for m in evidence.on_mac(linear, {"mac": mac_run, "emu": emulated_run})] == ["mac"]


def test_a_record_of_changed_code_is_outdated(linear, mac_run):
    record = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    assert evidence.on_mac(linear, {"mac": mac_run})[0].verdict() == "wrong"
    record["code"] = "0" * 16
    assert evidence.on_mac(linear, {"mac": mac_run})[0].verdict() == "outdated"
    assert "measured" not in evidence.kinds_of(linear, {"mac": mac_run}, table())


def test_an_error_on_a_mac_is_a_measurement_of_a_bug_that_is_one(linear, mac_run):
    record = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    [attempt] = record["attempts"]
    attempt |= {"outcome": "error", "reason": "RuntimeError: refused"}
    del attempt["functions"]["compute"]
    error = dataclasses.replace(linear, kind="error")
    [found] = evidence.on_mac(error, {"mac": mac_run})
    assert found.verdict() == "error" and found.verdict("control") == "agrees" and found.measured
    assert "measured" in evidence.kinds_of(error, {"mac": mac_run}, table())
    assert "measured" not in evidence.kinds_of(linear, {"mac": mac_run}, table())
    del attempt["functions"]["control"]  # it failed too: the machine, or the call
    [found] = evidence.on_mac(error, {"mac": mac_run})
    assert found.verdict() == "unfit" and not found.measured


def test_a_run_in_several_dtypes_counts_once_and_the_worst_speaks(linear, mac_run, emulated_run):
    wrong = next(r for r in mac_run["records"] if r["snippet"] == linear.slug)
    right = next(r for r in emulated_run["records"] if r["snippet"] == linear.slug)
    mac_run["records"] = [right, wrong | {"dtype": "float16"}]
    found = evidence.on_mac(linear, {"mac": mac_run})
    assert [m.verdict() for m in found] == ["agrees", "wrong"]
    assert [m.record["dtype"] for m in evidence.of_runs(found)] == ["float16"]
    assert words.on_macs(found).count("wrong</span> in 1 of 1 runs") == 1
    rows = results_page.run_section("mac", mac_run, (linear,))
    assert "wrong</span> in float16" in rows and "not as expected" not in rows
    for record in (right, wrong):
        record = record | {"code": "0" * 16}
        old = mac_run | {"records": [record, record | {"dtype": "float16"}]}
        assert words.on_macs(evidence.on_mac(linear, {"mac": old})).count("outdated") == 1
    mac_run["records"] = [right, right | {"dtype": "float16"}]
    assert results_page.run_section("mac", mac_run, (linear,)).count("not as expected") == 1


def test_a_record_with_faults_is_no_measurement(linear, mac_run):
    for record in mac_run["records"]:
        record["faults"] = [linear.slug]
    assert evidence.on_mac(linear, {"mac": mac_run}) == []


def test_a_check_is_proven_if_all_is_as_it_must_be(linear):
    assert evidence.control(linear, table(row(linear))).proven


@pytest.mark.parametrize(
    "changes",
    [
        {"sick": {"compute": "agrees", "control": "agrees"}},
        {"sick": {"compute": "wrong", "control": "wrong"}},
        {"sick": {"compute": "wrong", "control": "agrees", "workaround": "wrong"}},
        {"honest": {"compute": "wrong"}},
    ],
)
def test_else_it_is_not_proven(linear, changes):
    assert not evidence.control(linear, table(row(linear, **changes))).proven


def test_a_control_of_another_check_or_fault_proves_nothing(linear):
    assert not evidence.control(linear, table(row(linear), check="0" * 16)).proven
    assert not evidence.control(linear, table(row(linear), fault="0" * 16)).proven
    assert evidence.control(linear, table(row(linear), device="0" * 16)).proven  # an older device proves as well


def test_no_row_is_no_control(linear):
    assert evidence.control(linear, table()) is None


def test_controls_of_another_schema_are_refused(tmp_path, linear):
    path = tmp_path / "controls" / f"{linear.slug}.json"
    path.parent.mkdir()
    whole = {"schema": 1, "provenance": {}, "made_of": {}, "row": {}}
    for document in (whole | {"schema": 2}, {"schema": 1}, [], whole | {"row": []}, whole):
        path.write_text(json.dumps(document))
        with pytest.raises(BadResults, match=linear.slug):
            evidence.read_controls(tmp_path, tmp_path / "none")
    path.write_text("{")
    with pytest.raises(BadResults, match="JSON"):
        evidence.read_controls(tmp_path, tmp_path / "none")


def test_no_controls_are_none(tmp_path):
    assert evidence.read_controls(tmp_path, tmp_path) == {}


def test_this_machines_own_controls_stand_in_where_none_are_published(tmp_path, linear):
    for folder, ratio in (("own", 1.0), ("published", 2.0)):
        emulated.write(tmp_path / folder, "controls", "a-bug", {}, {}, row(linear, honest_ratio=ratio))
    emulated.write(tmp_path / "own", "controls", "new-bug", {}, {}, row(linear))
    found = evidence.read_controls(tmp_path / "published", tmp_path / "own")
    assert found["a-bug"]["row"]["honest_ratio"] == 2.0 and "new-bug" in found


def test_declared_says_only_what_a_wheel_says(linear):
    told = dataclasses.replace(linear, introduced=None, basis={"seen": "thread", "fixed": "thread"})
    assert evidence.declared(told) == []
    read = dataclasses.replace(told, basis={"seen": "wheel", "fixed": "wheel"})
    assert len(evidence.declared(read)) == 2
