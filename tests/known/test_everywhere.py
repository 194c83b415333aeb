"""One planted contradiction, and one surprise of each kind, followed from the run file to every view, the data and the tools."""

import json
import re

import planted
import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import measured
from mpscheck.known.setups import Setup
from mpscheck.site import files as pages
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import home as home_page
from mpscheck.tools import bundle
from mpscheck.tools.known import read_known

LINEAR = "linear-noncontiguous-weight"  # said: affected from 2.8 up to the fix in 2.9, macOS 15 and newer
UNSAID = "layer-norm-slice-offset"  # said: nothing of any version


@pytest.fixture(scope="module")
def bugs():
    return {bug.slug: bug for bug in catalogue.with_check()}


@pytest.fixture(scope="module")
def inputs(bugs):
    """Wrong where a thread says right; wrong where nobody says anything, real and virtual; one run that somebody sent."""
    linear, unsaid = bugs[LINEAR], bugs[UNSAID]
    runs = planted.runs(
        planted.run(
            planted.record(linear, "wrong", "wrong"), planted.record(unsaid, "right"),
            torch="2.9.0", date="2026-12-01", virtual=True,
        ),
        planted.run(planted.record(linear, "right"), planted.record(unsaid, "crash"), torch="2.15.0", macos="26.1"),
        planted.run(planted.record(unsaid, "wrong", "wrong"), torch="2.14.1", macos="26.1", virtual=True),
    )  # fmt: skip
    theirs = planted.run(planted.record(unsaid, "wrong", "wrong"), torch="2.13.0", macos="14.5", by_ci=False)
    return Inputs(catalogue.all_bugs(), runs, {"theirs": theirs})


@pytest.fixture(scope="module")
def shown(inputs):
    return pages.files(inputs)


def states(row: str, name: str = "s") -> str:
    return re.search(rf' data-{name}="([^"]*)"', row)[1]


def test_a_contradiction_is_followed_from_the_run_file_to_the_feed(shown):
    words = "affected in our runs on macOS 15, a virtual GPU, not affected says a thread"
    assert "Contradiction on torch 2.9.0, macOS 15, a virtual GPU" in shown["api/feed.xml"]
    assert f"contradiction: {words}" in shown["api/feed.xml"]
    assert "≠</span> contradiction</span> | [2.9.0](../releases/2.9.0.md) |" in shown[f"bugs/{LINEAR}.md"]
    assert words in shown[f"bugs/{LINEAR}.md"] and words in shown["releases/2.9.0.md"]
    row = re.search(rf'<tr id="{LINEAR}".*', shown["matrix/strides.md"])[0]
    assert '<td class="c m">contradiction, <b>wrong</b></td>' in row and words in shown["api/matrix/strides.json"]
    [mine] = [bug for bug in json.loads(shown["api/v1/bugs.json"])["bugs"] if bug["slug"] == LINEAR]
    assert "2.9.0" in mine["affected_releases"] and "2.9.0" not in mine["not_affected_releases"]
    there = next(one for one in mine["measured"] if one["torch"] == "2.9.0")
    assert (there["state"], there["said"], there["found"], there["verified"]) == (
        "contradiction",
        "not affected",
        "wrong",
        True,
    )


def test_no_advice_passes_over_a_contradiction(shown):
    known_bad = json.loads(shown["api/v1/known-bad.json"])["torch"]["2.9"]
    [mine] = [bug for bug in known_bad["affected"] if bug["slug"] == LINEAR]
    assert (mine["releases"], mine["state"], mine["basis"]) == (["2.9.0"], "contradiction", ["measured"])
    widget = json.loads(shown["api/affected/2.9.0.json"])["affected"]
    [mine] = [bug for bug in widget if bug["slug"] == LINEAR]
    assert mine["state"] == "contradiction"
    assert mine["where"] == [{"macos": ["15"], "chips": list(home_page.NO_MAC)}], (
        "no Mac that can be touched is accused"
    )


def test_the_tools_catalogue_says_what_the_site_says(inputs):
    known = {entry.slug: entry for entry in inputs.known}
    for bug in read_known(bundle.entries(inputs.checks, inputs.measured)):
        for torch in ("2.8.0", "2.9.0", "2.13.0", "2.14.1", "2.15.0"):
            for macos in (None, "14", "15", "26"):
                one = known[bug.slug].on(torch, macos)
                assert bug.state(torch, macos) == ("affected" if one.accused else one.state), (bug.slug, torch, macos)


def test_a_release_that_runs_alone_know_stands_in_the_data_and_in_the_list_of_releases(bugs):
    """On its day no file of ours knows it, and a library asks the data."""
    runs = planted.runs(planted.run(planted.record(bugs[LINEAR], "wrong", "wrong"), torch="9.9.0", macos="26.1"))
    files = pages.files(Inputs((bugs[LINEAR],), runs))
    known_bad = json.loads(files["api/v1/known-bad.json"])["torch"]["9.9"]
    assert known_bad["releases"] == ["9.9.0"] == known_bad["affected"][0]["releases"]
    assert (known_bad["affected"][0]["state"], known_bad["affected"][0]["known_by"]) == ("contradiction", ["measured"])
    for name, link in {"here": "../matrix/", "home": "matrix/"}.items():
        row = f'<th scope="row"><a href="{link}">9.9.0</a></th><td>1</td>'
        assert (
            row in files[f"generated/releases-{name}.md"] and "seen by runs" in files[f"generated/releases-{name}.md"]
        )
    assert ">9.9.0: 1 affected</title>" in files["generated/releases-picture.md"]


MINOR = "matmul-stride0-grad"  # said: macOS from 15 on, before 26.4


def test_a_claim_that_names_a_minor_macos_is_known_by_minor_version_on_the_page_and_in_the_tools(bugs):
    """Wrong on 26.3 and right on 26.4 is no disagreement, and a Mac with 26.4.1 is not accused."""
    bug = bugs[MINOR]
    runs = planted.runs(
        planted.run(planted.record(bug, "wrong", "wrong"), torch="2.13.0", macos="26.3.1"),
        planted.run(planted.record(bug, "right"), torch="2.13.0", macos="26.4.1"),
    )
    inputs = Inputs((bug,), runs)
    [tool] = read_known(bundle.entries(inputs.checks, inputs.measured))
    states = {macos: tool.state("2.13.0", macos) for macos in (None, "26", "26.3", "26.3.1", "26.4", "26.4.1", "26.5")}
    accused, cleared = (None, "26", "26.3", "26.3.1"), ("26.4", "26.4.1", "26.5")
    assert states == dict.fromkeys(accused, "affected") | dict.fromkeys(cleared, "not affected")
    page = pages.files(inputs)[f"bugs/{MINOR}.md"]
    folded = page.partition("| Found |")[2].partition("All ")[0]
    rows = [line for line in folded.splitlines() if "PyTorch 2.13.0" in line]
    assert ["wrong</span> in 1 of 1" in rows[0], "macOS 26.3, real" in rows[0]] == [True, True]
    assert ["right</span> in 1 of 1" in rows[1], "macOS 26.4, real" in rows[1]] == [True, True]
    assert "disagree" not in page


def test_what_nobody_said_and_a_run_saw_is_affected_there_and_says_so(shown, inputs):
    entry = next(entry for entry in inputs.known if entry.slug == UNSAID)
    assert entry.on("2.14.1", "26").state == "affected" and entry.on("2.14.1", "15").state == "unknown"
    assert entry.on("2.14.1", "26", virtual=False).state == "unknown"
    row = next(row for row in shown["bugs/rows.txt"].splitlines() if f'href="{UNSAID}/"' in row)
    place = len(states(row)) - 2  # 2.14.1
    assert states(row)[place] == "a"
    on = dict(one.split(":") for one in states(row, "m").split())
    assert on["15"][place] == "u" and on.get("26", states(row))[place] == "a"
    assert "measured on macOS 26, a virtual GPU" in shown["releases/2.14.1.md"]


def test_an_unverified_run_is_labelled_everywhere(shown):
    for name in (f"bugs/{UNSAID}.md", "releases/2.13.0.md", "generated/results.md", "matrix/normalisation.md"):
        assert "nverified" in shown[name], name
    [mine] = [
        bug for bug in json.loads(shown["api/v1/known-bad.json"])["torch"]["2.13"]["affected"] if bug["slug"] == UNSAID
    ]
    assert mine["basis"] == ["measured, unverified"]


def test_the_home_page_counts_our_runs_and_those_of_people_apart(shown):
    said = shown["generated/macs.md"]
    assert "1 on real Macs, 2 in virtual machines; sent by people and unverified: 1 on real Macs." in said


def test_what_could_not_run_is_shown_with_its_reason(shown):
    page = shown[f"bugs/{UNSAID}.md"]
    assert "could not run&#58; crash &#40;it ended in crash&#41;" in page


def test_the_data_with_runs_follow_their_schema(shown):
    import jsonschema

    for name in ("bugs", "known-bad"):
        schema = json.loads(shown[f"api/v1/{name}.schema.json"])
        jsonschema.validate(json.loads(shown[f"api/v1/{name}.json"]), schema, jsonschema.Draft202012Validator)


def test_the_widget_the_index_and_the_matrix_say_the_same(shown, inputs):
    for place, release in ((-1, "2.15.0"), (-2, "2.14.1")):
        accused = {entry.slug for entry in inputs.known if entry.answers[place].accused}
        assert {bug["slug"] for bug in json.loads(shown[f"api/affected/{release}.json"])["affected"]} == accused
        rows = shown["bugs/rows.txt"].splitlines()
        assert {re.search(r'href="([^"]+)/"', row)[1] for row in rows if states(row)[place] in "acd"} == accused


def test_each_setup_of_the_index_is_one_that_was_planted(inputs):
    assert set(measured.index(inputs.bugs, inputs.runs).setups(UNSAID)) == {
        Setup("2.9.0", "15", True),
        Setup("2.15.0", "26", False),
        Setup("2.14.1", "26", True),
    }


def test_what_one_release_gave_is_not_said_of_its_neighbours(shown):
    """The crash on 2.15.0 stands in a row of its own, though the releases beside it are unknown for the same reason."""
    rows = [row for row in shown[f"bugs/{UNSAID}.md"].splitlines() if "/releases/" in row]
    assert sum("could not run" in row for row in rows) == 1
    assert next(row for row in rows if "could not run" in row).count("../releases/") == 1
