"""The page of the seven suspected operations: all their bugs, whether GPT-2 hits them, and that none explains the case."""

import dataclasses
import re

import pytest

from mpscheck.bugs import catalogue, encounters
from mpscheck.known import exposure
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import seven

ALL = catalogue.all_bugs()
BUGS = {bug.slug: bug for bug in ALL}
WHERE = "where-noncontiguous-cond"
COPY = "index-copy-strided-index"  # in 2.8.0 alone
PRINTS = {bug.slug: exposure.fingerprint(bug) for bug in ALL if bug.triggers}


def inputs(findings=(), possible=(), called=(), bugs=PRINTS, library=seven.REPORTED[0]) -> Inputs:
    """As if the report's model had been recorded with these calls."""
    found = [{"slug": slug, "doubt": None, "count": 1, "arguments": "", "modules": {}} for slug in findings]
    use = {"findings": found, "possible": [{"slug": slug} for slug in possible], "called": list(called)}
    record = {"entry": seven.REPORTED[1], "model": exposure.MODEL, "uses": {"forward": use}, "other_paths": []}
    versions = {"transformer_lens": library.split()[1], "transformers": "1"}
    file = {"provenance": {"versions": versions, "bugs": bugs}, "records": [record]}
    return Inputs(ALL, encounters=encounters.load(), exposure={"one": file})


def study(**calls) -> exposure.Study:
    made = inputs(**calls)
    return exposure.Study(made.exposure, ALL)


@pytest.mark.parametrize(
    "calls, said",
    [
        ({"findings": [WHERE], "called": ["where"]}, seven.YES),
        ({"possible": [WHERE], "called": ["where"]}, seven.PERHAPS),
        ({"called": ["where"], "bugs": {}}, seven.NOT_KNOWN),
        ({"called": ["where"]}, seven.NO),
        ({"called": ["tanh"], "bugs": {}}, seven.NOT_CALLED),
    ],
)
def test_whether_gpt_2_hits_a_bug(calls, said):
    assert seven.through(BUGS[WHERE], "TransformerLens", study(**calls), {}) == said


def test_no_is_not_said_of_a_bug_whose_condition_nobody_knows():
    bug = BUGS["where-broadcast-error"]
    assert seven.through(bug, "TransformerLens", study(called=["where"]), {}) == seven.NOT_KNOWN


@pytest.mark.parametrize(
    "cell, said",
    [
        ({"ops": ["where"], "certain": {"training": 1}, "possible": {}}, seven.YES),
        ({"ops": ["where"], "certain": {}, "possible": {"training": 1}}, seven.PERHAPS),
        ({"ops": ["where"], "certain": {}, "possible": {}}, seven.NO),
        (None, seven.NOT_CALLED),
    ],
)
def test_the_recording_of_transformers_counts(cell, said):
    recordings = {WHERE: {"row": {"libraries": {seven.RECORDED: cell} if cell else {}}}}
    assert seven.through(BUGS[WHERE], "transformers", study(), recordings) == said


def test_two_libraries_that_differ_are_named():
    recordings = {WHERE: {"row": {"libraries": {seven.RECORDED: {"ops": ["where"], "certain": {}, "possible": {}}}}}}
    said = seven.gpt2(BUGS[WHERE], study(findings=[WHERE], called=["where"]), recordings)
    assert said == f"transformers: {seven.NO}<br>TransformerLens: {seven.YES}"


@pytest.mark.parametrize("name, family", [("Indexing", "indexing"), ("Random numbers", "random")])
def test_a_family_of_such_bugs_is_there_as_a_whole(known, name, family):
    missing = {one.slug for one in known if one.bug.family == family} - {one.slug for one in seven.of(name, known)}
    assert not missing


def test_each_bug_has_one_line_to_test_it_or_its_thread(known, files):
    page = files["generated/seven-bugs.md"]
    for name in seven.OPERATIONS:
        section = page.partition(f"### {name} ")[2].partition("### ")[0]
        rows = [line for line in section.splitlines() if "](bugs/" in line]
        assert [re.search(r"\]\(bugs/([\w-]+)\.md\)", row)[1] for row in rows] == [
            one.slug for one in seven.of(name, known)
        ]
        for one, row in zip(seven.of(name, known), rows, strict=True):
            line = f"<code>python snippets/bugs/{one.slug}.py</code>"
            assert (line in row) == one.has_check and (one.has_check or f'href="{one.bug.url}"' in row), one.slug


def test_the_proof_for_where_is_there_with_its_versions(files):
    row = next(line for line in files["generated/seven-bugs.md"].splitlines() if f"bugs/{WHERE}.md" in line)
    assert f"python snippets/bugs/{WHERE}.py" in row and "fixed in 2.8.0" in row and "not affected</span> in 2." in row


def test_none_of_the_seven_explains_the_case_and_linear_does(files):
    page = files["generated/seven-answer.md"]
    assert "**None of the seven is known to explain the case.**" in page
    linear = r"One of another operation is both, in \d+ calls: \[<code>F\.linear</code> reads a non-contiguous weight"
    assert re.search(linear, page)
    for name in ("triu", "stack", "GELU", "Conv1d", "Random numbers"):
        assert re.search(rf"\| {name} \| none \| [1-9]\d* \| none \|", page), name
    assert "| where | `where` |" in page and "| Indexing | `index`, `slice` |" in page


def test_a_bug_that_is_hit_and_there_would_be_named():
    made = inputs(findings=[COPY], called=["index_copy"])
    said = seven.answer(made, exposure.Study(made.exposure, ALL))
    assert "None of the seven" not in said and "hits, for certain: [<code>index&#95;copy</code>" in said


def test_a_bug_that_the_release_has_and_nobody_tried_is_not_ruled_out():
    made = inputs(called=["index_copy"], bugs={})
    said = seven.answer(made, exposure.Study(made.exposure, ALL))
    left = said.partition("Not ruled out, since their condition was not tried on these calls:")[2]
    assert f"bugs/{COPY}.md" in left
    number = re.search(r"\| Indexing \| `index_copy` \| \d+ \| (\d+) \|", said)[1]
    assert int(number) == left.count("](bugs/")


def test_without_the_report_s_recording_nothing_is_concluded():
    made = inputs(library="TransformerLens 9.9.9")
    assert (
        seven.answer(made, exposure.Study(made.exposure, ALL))
        == "The calls of the report's model have not been recorded yet."
    )
    none = dataclasses.replace(made, encounters=())
    assert "not been recorded" in seven.answer(none, exposure.Study(none.exposure, ALL))
