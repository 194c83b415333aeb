import copy
import dataclasses
import json

import pytest

from mpscheck.report import evidence
from mpscheck.results import BadResults


def row(bug, **changes) -> dict:
    agrees = {name: "agrees" for name in bug.functions}
    whole = {
        "snippet": bug.slug, "code": bug.code_hash, "healthy": agrees, "healthy_bitwise": True, "honest": agrees,
        "honest_ratio": 0.8, "sick": agrees | {"compute": "wrong"}, "sick_ratio": 1e7,
    }  # fmt: skip
    return whole | changes


def table(*rows) -> dict:
    return {"schema": 1, "provenance": {}, "rows": list(rows)}


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


def test_a_record_with_faults_is_no_measurement(linear, mac_run):
    for record in mac_run["records"]:
        record["faults"] = [linear.slug]
    assert evidence.on_mac(linear, {"mac": mac_run}) == []


def test_a_check_is_proven_if_all_is_as_it_must_be(linear):
    assert evidence.control(linear, table(row(linear))).proven


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "0" * 16},
        {"effect": "unwritten(result)"},
        {"sick": {"compute": "agrees", "control": "agrees"}},
        {"sick": {"compute": "wrong", "control": "wrong"}},
        {"sick": {"compute": "wrong", "control": "agrees", "workaround": "wrong"}},
        {"honest": {"compute": "wrong"}},
    ],
)
def test_else_it_is_not_proven(linear, changes):
    assert not evidence.control(linear, table(row(linear, **changes))).proven


def test_no_row_is_no_control(linear):
    assert evidence.control(linear, table()) is None


def test_controls_of_another_schema_are_refused(tmp_path):
    path = tmp_path / "controls.json"
    for document in ({"schema": 2, "rows": []}, {"schema": 1}, [], {"schema": 1, "rows": [{"snippet": "x"}]}):
        path.write_text(json.dumps(document))
        with pytest.raises(BadResults, match=r"controls\.json"):
            evidence.read_controls(path)
    path.write_text("{")
    with pytest.raises(BadResults, match="JSON"):
        evidence.read_controls(path)


def test_no_controls_are_an_empty_table(tmp_path):
    assert evidence.read_controls(tmp_path / "none.json")["rows"] == []


def test_declared_says_only_what_a_wheel_says(linear):
    told = dataclasses.replace(linear, introduced=None, basis={"seen": "thread", "fixed": "thread"})
    assert evidence.declared(told) == []
    read = dataclasses.replace(told, basis={"seen": "wheel", "fixed": "wheel"})
    assert len(evidence.declared(read)) == 2
