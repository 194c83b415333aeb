import dataclasses
import json

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import evidence
from mpscheck.runs import emulated, made_of
from mpscheck.runs.results import BadResults


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
