"""The answers about library versions: known only where a trigger is proven, possible never sold as known, unknown counted."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from mpscheck.bugs import catalogue
from mpscheck.known import exposure
from mpscheck.known.exposure import CERTAIN, POSSIBLE, UNTESTED, Row, States, Study
from mpscheck.runs import results
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import exposure as exposure_page

ALL = catalogue.all_bugs()
BUGS = {bug.slug: bug for bug in ALL}
STATES = States(BUGS)
LINEAR = "linear-noncontiguous-weight"  # sick in 2.8.0 alone
LARGE = "mm-large-k-allocator-dependent"  # affected from 2.7.0 to 2.13.0 on M1 and M2
DRAFTED = "argmax-macos27-fp16"  # on macOS 27
FINDING = {"slug": LINEAR, "doubt": None, "count": 3, "arguments": "weight", "modules": {}}
DATA = exposure.read()


def use(findings=(), possible=(), called=()) -> dict:
    return {"findings": list(findings), "possible": [{"slug": slug} for slug in possible], "called": list(called)}


def study_of(**uses) -> Study:
    """One entry point, measured for the triggers of today."""
    record = {"entry": "HookedTransformer", "model": exposure.MODEL, "uses": uses, "other_paths": []}
    provenance = {
        "versions": {"transformer_lens": "1", "transformers": "1"},
        "bugs": {bug.slug: exposure.fingerprint(bug) for bug in catalogue.with_check()},
        "drafted": {bug.slug: exposure.fingerprint(bug) for bug in exposure.drafted(catalogue.rows())},
    }
    return Study({"one": {"provenance": provenance, "records": [record]}}, ALL)


# ---- how a use relates to a bug ------------------------------------------------------------------------------------


def test_a_proven_trigger_is_certain_a_drafted_one_possible():
    found = study_of(backward=use([FINDING], [LARGE]))
    how = found.how(found.rows[0], "backward")
    assert how == {LINEAR: CERTAIN, LARGE: POSSIBLE}


def test_a_doubtful_match_of_a_proven_trigger_is_possible():
    found = study_of(forward=use([{**FINDING, "doubt": "another path"}]))
    assert found.how(found.rows[0], "forward") == {LINEAR: POSSIBLE}


def test_a_bug_without_a_trigger_is_untested_where_its_op_is_called_and_nowhere_else():
    found = study_of(called=use(called=["abs"]), not_called=use(called=["tanh"]))
    assert found.how(found.rows[0], "called")["abs-complex-overflow"] == UNTESTED
    assert "abs-complex-overflow" not in found.how(found.rows[0], "not_called")


def test_a_measured_trigger_that_did_not_match_is_not_met_though_its_op_is_called():
    found = study_of(forward=use(called=["mm", "linear"]))
    assert not {LARGE, LINEAR} & set(found.how(found.rows[0], "forward"))


def test_a_trigger_that_has_changed_since_the_measurement_counts_as_untested():
    found = study_of(forward=use([FINDING], called=["linear"]))
    data = {
        "one": {
            "provenance": {"versions": {"transformer_lens": "1", "transformers": "1"}, "bugs": {LINEAR: "older"}},
            "records": [{"entry": "E", "model": exposure.MODEL, "uses": found.rows[0].uses}],
        }
    }
    later = Study(data, [BUGS[LINEAR]])
    assert later.how(later.rows[0], "forward") == {LINEAR: UNTESTED}
    assert later.late == [LINEAR]


def test_bugs_of_gradients_are_met_only_where_gradients_are_computed():
    slug = "embedding-backward-nondeterministic"
    assert BUGS[slug].family == "autograd"
    found = study_of(forward=use(called=["embedding"]), backward=use(called=["embedding", "embedding_backward"]))
    assert slug in found.how(found.rows[0], "backward")
    assert slug not in found.how(found.rows[0], "forward")


@pytest.mark.parametrize("slug", ["rmsnorm-compile-zeros", "isfinite-slice-writes-past-output", "sort-wrong-loudly"])
def test_what_is_loud_compiled_or_writes_elsewhere_is_left_out(slug):
    loud = dataclasses.replace(BUGS["rsub-scalar-rounded"], slug="sort-wrong-loudly", silent=False)
    assert not exposure.counts({**BUGS, loud.slug: loud}[slug])
    assert exposure.counts(BUGS["rsub-scalar-rounded"])


# ---- what is known on a release ------------------------------------------------------------------------------------


def test_known_is_what_is_certain_and_sick():
    on_28 = exposure.met({LINEAR: CERTAIN}, STATES, "2.8.0")
    assert (on_28.known, on_28.possible, on_28.unknown) == ((LINEAR,), (), ())
    on_29 = exposure.met({LINEAR: CERTAIN}, STATES, "2.9.0")
    assert (on_29.known, on_29.possible, on_29.unknown) == ((), (), ())


def test_possible_is_never_known():
    on_28 = exposure.met({LINEAR: POSSIBLE}, STATES, "2.8.0")
    assert (on_28.known, on_28.possible) == ((), (LINEAR,))


def test_untested_is_unknown_on_a_sick_release_too_and_nothing_on_a_healthy_one():
    assert exposure.met({LINEAR: UNTESTED}, STATES, "2.8.0").unknown == (LINEAR,)
    assert exposure.met({LINEAR: UNTESTED}, STATES, "2.9.0").unknown == ()


def test_a_match_whose_fix_is_not_known_stays_unknown():
    answer = exposure.answer({"where-nonzero-index-over-2e24": CERTAIN}, STATES)
    assert answer.known_in == ("2.4.0", "2.4.1")
    assert answer.first == "2.5.0"
    assert answer.on_first.unknown == ("where-nonzero-index-over-2e24",)


def test_the_smallest_torch_is_the_one_after_the_last_with_the_bug_and_possible_ones_raise_it_apart():
    answer = exposure.answer({LINEAR: CERTAIN, LARGE: POSSIBLE}, STATES)
    assert (answer.known_in, answer.first, answer.strict) == (("2.8.0",), "2.9.0", "2.14.0")
    assert answer.on_first.possible == (LARGE,) and answer.on_strict.possible == ()


def test_a_possible_bug_of_two_chips_moves_the_answer_on_these_alone():
    assert exposure.answer({LARGE: POSSIBLE}, States(BUGS, "26", "M1")).strict == "2.14.0"
    assert exposure.answer({LARGE: POSSIBLE}, States(BUGS, "26", "M4")).strict == exposure.RELEASES[0]


def test_a_bug_of_macos_15_is_not_known_on_macos_14_but_unknown():
    assert exposure.met({LINEAR: CERTAIN}, States(BUGS, "15", "M4"), "2.8.0").known == (LINEAR,)
    on_14 = exposure.met({LINEAR: CERTAIN}, States(BUGS, "14", "M4"), "2.8.0")
    assert (on_14.known, on_14.unknown) == ((), (LINEAR,))


def test_what_only_virtual_machines_had_is_known_on_no_mac():
    slug = "linear-3d-bias-virtual-m1"
    assert BUGS[slug].state("2.13.0") == "affected"
    assert exposure.met({slug: POSSIBLE}, STATES, "2.13.0").unknown == (slug,)


@pytest.mark.parametrize(
    ("release", "minor"), [("2.9.0", [2, 9]), ("2.4.1", [2, 5]), (None, None), (exposure.RELEASES[-1], [2, 15])]
)
def test_a_minor_version_is_named_only_if_all_its_releases_are_new_enough(release, minor):
    assert exposure.minor(release) == minor


# ---- the stored files ----------------------------------------------------------------------------------------------


def row_of(study: Study, library: str, entry: str) -> Row:
    return next(row for row in study.rows if (row.library, row.entry) == (library, entry))


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(DATA, ALL)


@pytest.mark.parametrize(
    ("library", "entry"),
    [
        ("TransformerLens 2.17.0", "HookedTransformer"),
        ("TransformerLens 3.9.0", "TransformerBridge"),
        ("TransformerLens 4.3.0", "TransformerBridge"),
    ],
)
def test_entry_points_that_are_exposed_to_161640_know_it_in_every_use(study, library, entry):
    row = row_of(study, library, entry)
    for name in row.uses:
        answer = exposure.answer(study.how(row, name), STATES)
        assert study.how(row, name)[LINEAR] == CERTAIN
        assert (answer.known_in, answer.first) == (("2.8.0",), "2.9.0") or name == "backward"


@pytest.mark.parametrize(
    ("library", "entry"),
    [
        ("TransformerLens 3.9.0", "HookedTransformer"),
        ("transformers 4.57.6", "transformers, eager"),
        ("transformers 5.24.0", "transformers, eager"),
    ],
)
def test_entry_points_that_escape_161640_do_not_meet_it_in_any_use(study, library, entry):
    row = row_of(study, library, entry)
    for name in row.uses:
        assert LINEAR not in study.how(row, name)
        assert exposure.answer(study.how(row, name), STATES).known_in == () or name == "backward"


def test_the_other_path_of_2_18_makes_161640_possible_not_known(study):
    row = row_of(study, "TransformerLens 2.18.0", "HookedTransformer")
    assert {study.how(row, name)[LINEAR] for name in row.uses} == {POSSIBLE}


def test_every_gpt2_meets_the_long_product_in_the_backward_pass_and_in_no_other(study):
    """The gradient of the logits has 50,257 terms for each token."""
    for row in study.shaped:
        met = {name for name in row.uses if study.how(row, name).get(LARGE) == CERTAIN}
        assert met == {"backward"}, row
        assert exposure.answer(study.how(row, "backward"), STATES).first == "2.14.0"


def test_no_entry_point_is_without_unknown_bugs(study):
    for row in study.rows:
        for name in row.uses:
            assert exposure.met(study.how(row, name), STATES, exposure.RELEASES[-1]).unknown


# ---- the page ------------------------------------------------------------------------------------------------------


def test_nothing_met_is_said_and_not_left_empty():
    assert exposure_page.smallest(exposure.answer({}, STATES)) == ["**any**: 0 known, 0 possible, 0 unknown"]


def test_a_release_is_named_with_its_counts_and_a_second_one_for_possible_bugs():
    said = exposure_page.smallest(exposure.answer({LINEAR: CERTAIN, LARGE: POSSIBLE}, STATES))
    assert said == ["**2.9.0**: 0 known, 1 possible, 0 unknown", "**2.14.0**: 0 known, 0 possible, 0 unknown"]


def test_a_known_bug_of_the_newest_release_leaves_no_smallest_one():
    newest = dataclasses.replace(BUGS[LINEAR], affected=SpecifierSet(">=2.8"))
    answer = exposure.answer({LINEAR: CERTAIN}, States({LINEAR: newest}))
    assert exposure_page.smallest(answer) == [f"**none**: known in {exposure.RELEASES[-1]}"]


def test_the_page_answers_in_its_first_lines(study, root):
    text = (root / "docs" / "exposure.md").read_text(encoding="utf-8")
    assert text.index("exposure-short.md") < text.index("validate.md") < text.index("\n## ")
    short = exposure_page.in_short(study)
    assert "From PyTorch **2.14.0** on, GPT-2" in short and "- forward: **2.9.0**: 0 known" in short
    assert "**No release is known to be safe**" in short
    assert not re.search(r"(?<!to be )\bsafe\b", short)


def test_every_entry_point_has_a_row_in_each_table():
    pieces = {Path(name).stem: text for name, text in exposure_page.files(Inputs(ALL, exposure=DATA)).items()}
    for name in ("exposure-torch", "exposure-linear"):
        rows = [line for line in pieces[name].splitlines() if line.startswith("| T") or line.startswith("| t")]
        assert len(rows) == len(exposure.rows(DATA)) == 17
    assert "TransformerLens 4.3.0 | TransformerBridge | **yes**" in pieces["exposure-linear"]
    assert "transformers 5.24.0 | transformers, eager | no" in pieces["exposure-linear"]


def test_the_bugs_that_an_answer_rests_on_are_those_of_the_last_release_before_it():
    how = {LINEAR: CERTAIN, LARGE: POSSIBLE, "masked-fill-inplace-noncontiguous": POSSIBLE}
    assert "affected" in STATES.of("masked-fill-inplace-noncontiguous")  # in 2.3.1 to 2.4.1
    assert exposure.deciding(how, STATES) == [LINEAR, LARGE]
    assert exposure.deciding({}, STATES) == []


def test_the_long_product_moves_the_answer_on_m1_and_m2_alone(study):
    (line,) = [
        line for line in exposure_page.by_mac(study).splitlines() if "TransformerLens 4.3.0 TransformerBridge<" in line
    ]
    assert "M1, M2 on macOS 14, 15, 26, 27: **2.14.0**<" in line
    assert "M3, M4, M5 on macOS 15, 26: **2.9.0**<" in line


def test_a_possible_bug_is_labelled_so(study):
    lines = [line for line in exposure_page.matched(study).splitlines() if DRAFTED in line]
    assert lines and all("possible: trigger not proven" in line and "macOS 27" in line for line in lines)


def test_bugs_that_were_not_measured_are_named():
    name, file = next(iter(DATA.items()))
    known = {**file["provenance"]["bugs"], LINEAR: "another trigger"}
    changed = {**DATA, name: {**file, "provenance": {**file["provenance"], "bugs": known}}}
    said = exposure_page.summary(Study(changed, ALL))
    assert LINEAR in said.partition("Not measured yet with their newest trigger: ")[2].partition(".")[0]


def test_without_files_the_pieces_are_still_there():
    assert set(exposure_page.files(Inputs(ALL))) == set(exposure_page.files(Inputs(ALL, exposure=DATA)))


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"schema": 1}', json.dumps({"schema": 2, "records": [], "provenance": {}})]
)
def test_a_file_that_is_none_is_refused_by_name(tmp_path, text):
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(results.BadResults, match=r"odd\.json is not a file of exposures"):
        exposure.read(tmp_path)
