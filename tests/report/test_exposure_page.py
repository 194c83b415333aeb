"""The tables of library versions: sick only where a match is certain, unknown never hidden."""

import json

import pytest

from mpscheck import catalogue, results
from mpscheck.report import exposure_page

BUGS = catalogue.load()
LINEAR = {"slug": "linear-noncontiguous-weight", "doubt": None, "count": 3, "arguments": "weight", "modules": {}}


def test_the_smallest_torch_is_the_one_after_the_last_sick_release():
    found = exposure_page.answer([LINEAR], BUGS)
    assert (found.sick, found.first, found.unknown) == (("2.8.0",), "2.9.0", ())


def test_a_match_that_is_only_possible_is_unknown_not_sick():
    found = exposure_page.answer([{**LINEAR, "doubt": "possible"}], BUGS)
    assert (found.sick, found.first) == ((), "2.0.0")
    assert found.unknown == ("linear-noncontiguous-weight",)


def test_a_bug_whose_fix_is_not_known_stays_unknown():
    found = exposure_page.answer([{**LINEAR, "slug": "where-nonzero-index-over-2e24"}], BUGS)
    assert found.sick == ("2.4.0", "2.4.1")
    assert found.first == "2.5.0"
    assert found.unknown == ("where-nonzero-index-over-2e24",)


def test_nothing_met_is_said_and_not_left_empty():
    row = exposure_page.Row("L", "E", "m", {"forward": {"findings": []}, "backward": {"findings": [LINEAR]}})
    assert exposure_page._answers(row, BUGS) == ["forward: none met", "backward: **2.9.0** (sick: 2.8.0)"]


def test_bugs_that_were_not_measured_are_named():
    data = exposure_page.read()
    name, file = next(iter(data.items()))
    known = {**file["provenance"]["bugs"], LINEAR["slug"]: "another trigger"}
    changed = {**data, name: {**file, "provenance": {**file["provenance"], "bugs": known}}}
    assert LINEAR["slug"] in exposure_page.unmeasured(changed, BUGS)
    assert f"Not measured yet: {LINEAR['slug']}" in exposure_page.summary(changed, BUGS, 5)
    assert "5 more are reported" in exposure_page.summary(changed, BUGS, 5)


def test_every_entry_point_has_a_row_in_each_table():
    data = exposure_page.read()
    pieces = exposure_page.pieces(BUGS, 5, data)
    for name in ("exposure-torch", "exposure-linear"):
        rows = [line for line in pieces[name].splitlines() if line.startswith("| T") or line.startswith("| t")]
        assert len(rows) == len(exposure_page.rows(data)) == 17
    assert "TransformerLens 4.3.0 | TransformerBridge | **yes**" in pieces["exposure-linear"]
    assert "transformers 5.24.0 | transformers, eager | no" in pieces["exposure-linear"]


def test_without_files_the_pieces_are_still_there():
    assert set(exposure_page.pieces(BUGS, 5, {})) == set(exposure_page.pieces(BUGS, 5, exposure_page.read()))


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"schema": 2}', json.dumps({"schema": 1, "records": [], "provenance": {}})]
)
def test_a_file_that_is_none_is_refused_by_name(tmp_path, text):
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(results.BadResults, match=r"odd\.json is not a file of exposures"):
        exposure_page.read(tmp_path)
