"""What other libraries decided: each guard once, and whether the newest PyTorch needs it from what is known alone."""

import dataclasses
import json
import re

import markdown
import planted
import pytest

from mpscheck.bugs import catalogue, guards
from mpscheck.bugs.guards import Guard
from mpscheck.known import releases
from mpscheck.places import ROOT
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import libraries

NEWEST = releases.load()[-1].version
FIXED, OPEN = "linear-noncontiguous-weight", "layer-norm-slice-offset"
HOSTILE = '</td></table><img src=x onerror=alert(1)>|"\' [a](javascript:alert(1))\n--8<-- "pyproject.toml"'
GUARD = Guard(
    "Some", "some/lib", "detour", "in the code", "Copies.", "It was wrong.", "2026-12-01", "x.py", "0" * 40, 3,
    condition='if x == "mps":',
)  # fmt: skip


def with_bugs(*slugs: str, **fields) -> Guard:
    return dataclasses.replace(GUARD, bugs=slugs, link="stated", **fields)


def shown(known, *rows: Guard) -> tuple[str, str]:
    """The answer in short and the tables for some guards."""
    found = libraries.Guards(rows, known)
    return libraries.summary(found), libraries.tables(found)


def test_every_guard_stands_there_once(files):
    page = files["generated/libraries.md"]
    assert page.count("<tr><td>") == len(guards.load())
    assert all(one.url in page for one in guards.load())


def test_a_guard_whose_bug_is_fixed_is_no_longer_needed(known):
    answer, table = shown(known, with_bugs(FIXED))
    assert "### No longer needed (1)" in table and f"not affected on {NEWEST}" in table
    assert "**1 are taken for ever although the bug is fixed**" in answer and "Taken for ever" in table


@pytest.mark.parametrize(
    "fields", [{"torch": ">=2.8,<2.9"}, {"macos": ">=15"}, {"kind": "probe"}, {"standing": "gone"}]
)
def test_a_guard_with_an_end_is_not_taken_for_ever(known, fields):
    answer, table = shown(known, with_bugs(FIXED, **fields))
    assert "### No longer needed (1)" in table and "Taken for ever" not in table
    assert "None is taken for ever" in answer


def test_a_guard_whose_bug_is_unknown_is_unknown(known):
    _, table = shown(known, with_bugs(OPEN), with_bugs(FIXED, OPEN))
    assert "### Unknown (2)" in table and f"unknown on {NEWEST}" in table and "No longer needed" not in table


def test_a_guard_without_a_bug_is_no_unknown_one(known):
    answer, table = shown(known, GUARD)
    assert "### No bug of ours (1)" in table and "Nobody knows: **none**" in answer


def test_a_run_on_a_mac_makes_a_guard_needed(known):
    bug = catalogue.find(OPEN)
    run = planted.run(planted.record(bug, "wrong", "wrong"), torch=NEWEST, macos="26.1")
    answer, table = shown(Inputs(catalogue.all_bugs(), planted.runs(run)).known, with_bugs(OPEN))
    assert "### Still needed (1)" in table and f"affected on {NEWEST}" in table
    assert "Yes: [**1**](#still-needed)" in answer


def test_a_bound_that_ends_at_a_wrong_version_is_told(known):
    there = sum(entry.silent and entry.answer_on("2.8.0").accused for entry in known)
    answer, _ = shown(known, dataclasses.replace(GUARD, kind="version bound", torch="<2.8"))
    assert "**1 ends at a version that is still wrong**" in answer and f"where {there} silent bugs are known" in answer
    for fine in (dataclasses.replace(GUARD, torch="<2.8"), with_bugs(FIXED, torch=">=2.8,<2.9")):
        assert "None ends at a version that is known to be wrong" in shown(known, fine)[0]


def test_the_line_in_its_place_asks_what_the_guard_asks(known):
    _, table = shown(known, with_bugs(FIXED), with_bugs(FIXED, kind="version bound"))
    assert f'<code>needed("{FIXED}")</code>' in table and f'<code>known_bad("{FIXED}")</code>' in table


def test_a_hostile_row_is_text(known):
    row = with_bugs(
        FIXED, library=HOSTILE, what=HOSTILE, why=HOSTILE, condition=HOSTILE, note=HOSTILE, kind=HOSTILE, standing=HOSTILE,
        shows=tuple(libraries.LESSONS),
    )  # fmt: skip
    found = libraries.Guards((row,), known)
    for page in (libraries.summary(found), libraries.lessons(found), libraries.tables(found)):
        assert "\n--8<--" not in page
        html = markdown.markdown(page, extensions=["attr_list", "tables", "md_in_html"])
        assert "<img" not in html and 'href="javascript' not in html
        assert html.count("<table>") == html.count("</table>") <= 1


def test_each_lesson_has_rows_that_show_it(files):
    page = files["generated/libraries-lessons.md"]
    for part in re.split(r"(?m)^### ", page)[1:]:
        assert "\n- <a href=" in part, part.splitlines()[0]


# ---- the program on the page


@pytest.fixture
def asked(tmp_path, files, monkeypatch):
    """The two functions of the page, with the published data beside them, on a torch of one's choice."""
    page = (ROOT / "docs" / "guides" / "other-libraries.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for name in ("known-bad.json", "bugs.json"):
        (tmp_path / name).write_text(files[f"api/v1/{name}"], encoding="utf-8")
    program = tmp_path / "guard.py"
    program.write_text(code, encoding="utf-8")

    def asked(version: str):
        monkeypatch.setattr("torch.__version__", version)
        space = {"__file__": str(program)}
        exec(compile(code, program, "exec"), space)
        return space["known_bad"], space["needed"]

    return asked


def test_the_program_says_what_the_data_say(asked, files):
    (bug,) = (one for one in json.loads(files["api/v1/bugs.json"])["bugs"] if one["slug"] == FIXED)
    for one in releases.load():
        known_bad, needed = asked(one.version)
        assert known_bad(FIXED) == (one.version in bug["affected_releases"])
        assert needed(FIXED) == (one.version not in bug["not_affected_releases"])


def test_what_the_page_says_of_the_program_is_so(asked):
    assert {one.minor for one in releases.load() if asked(one.version)[0](FIXED)} == {"2.8"}
    known_bad, needed = asked("9.9.0+cpu")
    assert not known_bad(FIXED) and needed(FIXED)
