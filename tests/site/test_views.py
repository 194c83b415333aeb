"""The views of all known bugs: pages, index, releases, matrix, published data. What is unknown is never shown as not affected."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ElementTree

import jsonschema
import markdown
import pytest
import torch
from packaging.specifiers import SpecifierSet

from mpscheck.bugs import catalogue, encounters
from mpscheck.known import entry, evidence, exposure, names, releases, uses
from mpscheck.site import api
from mpscheck.site import files as pages
from mpscheck.site.pages import family as family_page
from mpscheck.site.pages import home as home_page
from mpscheck.site.pages import index as index_page
from mpscheck.site.pages import matrix as matrix_page
from mpscheck.site.pages import releases as releases_page
from mpscheck.site.pages import reported as reported_page

HOSTILE = '</script><img src=x onerror=alert(1)>|`x`"\' [a](javascript:alert(1))\n\n--8<-- "pyproject.toml"\n\u202e'
EXTENSIONS = ["attr_list", "def_list", "md_in_html", "tables", "toc", "pymdownx.superfences", "pymdownx.inlinehilite"]


@pytest.fixture(scope="session")
def known():
    return entry.entries(catalogue.all_bugs(), encounters.load(), {}, evidence.read_controls())


@pytest.fixture(scope="session")
def files():
    return pages.files(dataclasses.replace(pages.read_inputs(), local={}, runs={}, site_url=""))


@pytest.fixture
def hostile(known):
    """An index-only bug all of whose free texts are hostile, as is the report about it."""
    bug = next(one.bug for one in known if not one.has_check and one.encounters)
    report = next(one.encounters[0] for one in known if one.encounters)
    bug = dataclasses.replace(
        bug, claim=f"`{HOSTILE}` {HOSTILE}.", when=HOSTILE, effect_text=HOSTILE, macos_note=HOSTILE, chips=(HOSTILE,),
        workaround=HOSTILE, caveat=HOSTILE, met_in=(HOSTILE,), affected=SpecifierSet(">=2.0"),
        reported=({"thread": bug.issue, "chip": HOSTILE, "figures": {HOSTILE: HOSTILE}},),
    )  # fmt: skip
    report = dataclasses.replace(
        report, who=HOSTILE, summary=HOSTILE, torch=HOSTILE, macos=HOSTILE, chip=HOSTILE, bugs=(bug.slug,)
    )
    return entry.Entry(dataclasses.replace(bug, danger=1), ("reported",), (report,))


# ---- what is unknown -----------------------------------------------------------------------------------------------


def test_a_bug_without_versions_is_unknown_on_every_release(known):
    nothing = [one for one in known if not str(one.bug.affected) and not one.bug.introduced]
    assert nothing and all(set(one.letters) == {"u"} for one in nothing)


def test_healthy_only_where_a_source_says_so(known):
    for one in known:
        if "n" in one.letters:
            assert one.bug.fixed is not None or one.bug.introduced is not None, one.slug


def test_every_view_counts_the_same(known, files):
    for place, release in enumerate(releases.load()):
        number = releases_page.counts(known, place)
        assert sum(number.values()) == len(known)
        page = files[f"releases/{release.version}.md"]
        assert f"**{number['affected']} known, {number['unknown']} unknown.**" in page
        affected = json.loads(files[f"api/affected/{release.version}.json"])
        assert (len(affected["affected"]), affected["unknown"]["anything"]) == (number["affected"], number["unknown"])
        row = f"{release.version}</a></th><td>{number['affected']}</td><td>{number['unknown']}</td>"
        assert row in files["generated/releases-home.md"]


def test_the_page_of_a_release_leads_to_all_that_is_unknown(known, files):
    """By family: each family's page states every bug of it on every release."""
    unknown = files["releases/2.15.0.md"].partition("## Unknown")[2]
    for family, members in family_page.by_family(known).items():
        number = sum(one.letters[-1] == "u" for one in members)
        shown = f'<a href="../../bugs/family/{family}/">{family}</a> {number} of {len(members)}</li>'
        assert (shown in unknown) == (number > 0), family
        for one in members:
            row = next(
                line for line in files[f"bugs/family/{family}.md"].splitlines() if f'"../../{one.slug}/"' in line
            )
            said = re.findall(r"</span> ([\w ]+)</span> ([\d.]+)", row)
            assert said == [(state, first) for state, first, _ in releases.stretches(one.bug)], one.slug


def test_every_bug_has_its_row(known, files):
    rows = files["bugs/rows.txt"].splitlines()
    assert [re.search(r'<a href="([^"]+)/">', row)[1] for row in rows] == [one.slug for one in known]
    assert files["generated/bug-index.md"].count("<tr><td>") == index_page.FIRST


def test_no_view_clears_a_release_while_anything_is_unknown(files):
    for name, text in files.items():
        if name.startswith(("releases/", "generated/")) and name.endswith(".md"):
            assert not re.search(r"(is|are|it) not affected", text.lower()), name
    assert "no list can clear it" in releases_page.answer({"affected": 0, "unknown": 1, "not affected": 9})
    assert "no list" not in releases_page.answer({"affected": 0, "unknown": 0, "not affected": 9})


def test_a_major_macos_counts_only_where_all_of_it_is_meant(linear):
    tied = dataclasses.replace(linear, macos=SpecifierSet(">=15.4,<26.4"))
    assert releases.state(tied, "2.8.0") == "affected"
    assert [releases.state(tied, "2.8.0", macos) for macos in ("14", "15", "26")] == ["unknown"] * 3
    assert releases.macos_of(tied) == ()
    assert releases.state(linear, "2.8.0", "15") == "affected" and releases.macos_of(linear) == ("15", "26", "27")


def test_another_chip_is_unknown(linear):
    tied = dataclasses.replace(linear, chips=("M1",))
    assert [releases.state(tied, "2.8.0", chip=chip) for chip in ("M1", "M4", None)] == [
        "affected",
        "unknown",
        "affected",
    ]


def test_the_data_of_the_widget_give_the_states_of_the_catalogue(known):
    """What the script does with them, done here for each macOS and chip: a lookup, no comparison of versions."""
    for place in (0, 17, 24, 27):
        version = releases.load()[place].version
        data = json.loads(home_page.affected(known, place))
        for macos in releases.MACOS:
            for chip in ("M1", "M5"):
                shown = {
                    bug["slug"]
                    for bug in data["affected"]
                    if (bug["macos"] is None or macos in bug["macos"]) and (not bug["chips"] or chip in bug["chips"])
                }
                right = {one.slug for one in known if releases.state(one.bug, version, macos, chip) == "affected"}
                assert shown == right


# ---- strangers' strings --------------------------------------------------------------------------------------------


def test_a_hostile_entry_is_text_on_every_page(hostile):
    place = len(releases.load()) - 1
    for text in (
        reported_page.page(hostile),
        releases_page.page(releases.load()[place], place, [hostile], ""),
        index_page.bug_index([hostile], {}, evidence.read_controls()),
        index_page.all_rows([hostile], {}, evidence.read_controls()),
        family_page.page(hostile.bug.family, [hostile]),
    ):
        body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        assert "\n--8<--" not in body
        shown = markdown.markdown(body, extensions=EXTENSIONS)
        assert "<img" not in shown and "<script" not in shown and 'href="javascript' not in shown


def test_a_hostile_entry_leaves_the_data_whole(hostile):
    for text in (api.bugs_json([hostile], ""), home_page.affected([hostile], 27)):
        json.loads(text)
    assert ElementTree.fromstring(api.feed([hostile], "")).tag.endswith("feed")


def test_the_front_matter_is_one_line_and_quoted(hostile):
    head = reported_page.head(hostile.bug)
    description = next(line for line in head.splitlines() if line.startswith("description: "))
    assert "<" not in description and '"' not in json.loads(description.partition(": ")[2])


# ---- pages ---------------------------------------------------------------------------------------------------------


def test_the_page_of_an_index_only_entry_says_what_is_known(files):
    page = files["bugs/sdpa-causal-leak-half.md"]
    for words in (
        "no snippet yet",
        "contribute.md#a-bug",
        "**reported**",
        "as of 2026-11-24",
        "not run on a Mac by us",
        "pytorch/issues/195910",
    ):
        assert words in page
    assert "Users who met it" in page and "Our judgement" in page


def test_what_is_inferred_stays_marked(known):
    inferred = [one for one in known if not one.has_check and "(inferred)" in (one.bug.effect_text or "")]
    assert inferred and all("&#40;inferred&#41;" in reported_page.page(one) for one in inferred)


def test_the_matrix_shows_what_a_mac_gave(mac_run, linear):
    found = entry.entries((linear,), (), {"mac": mac_run}, evidence.read_controls())
    html = matrix_page.matrix(found, {"mac": mac_run})
    assert html.count('class="measured"') == 1
    place = [release.version for release in releases.load()][::-1].index("2.8.0")
    shown = re.search(r'data-found="([^"]*)"', re.findall(r"<td>.*?</td>", html)[place])[1]
    for words in ("wrong", "error ratio", "Apple M1", "virtual machine", "run file mac"):
        assert words in shown
    assert "measured" not in matrix_page.matrix(found, {}).partition("<table")[2]


def test_the_matrix_has_a_row_a_check_and_a_column_a_release(known):
    html = matrix_page.matrix(known, {})
    assert html.count("<tr data-slug") == len(catalogue.with_check())
    assert html.count("data-any=") == len(catalogue.with_check()) * len(releases.load())


def test_the_most_dangerous_come_first_and_ranks_are_unique(known):
    ranks = [one.danger for one in known if one.danger]
    assert ranks == sorted(set(ranks)) and ranks[0] == 1, "one that turns out harmless leaves a gap"
    assert all(one.silent for one in known[: len(ranks)])


def test_every_family_is_in_a_use(known):
    families = {family for _, found in uses.USES.values() for family in found or ()}
    there = {one.bug.family for one in known}
    assert families <= there and "anything" in uses.USES


# ---- names ---------------------------------------------------------------------------------------------------------


def test_a_function_and_its_module_exist():
    for function, module in names.MODULES.items():
        assert hasattr(torch.nn.functional, function) and hasattr(torch.nn, module), function


@pytest.mark.parametrize("op", ["torch.nn.functional.linear", "torch.nn.Linear", "linear"])
def test_the_names_of_linear(op):
    assert {"F.linear", "nn.Linear", "aten::linear", "addmm"} <= set(names.spellings(op))


def test_every_spelling_stands_on_the_page(files, linear):
    page = files[f"bugs/{linear.slug}.md"]
    for name in ("F.linear", "nn.Linear", "addmm", "&#35;161640"):
        assert name in page.partition("Also known as")[2]


# ---- published data ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bugs", "known-bad"])
def test_the_data_follow_their_schema(files, name):
    schema = json.loads(files[f"api/v1/{name}.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(files[f"api/v1/{name}.json"]), schema, jsonschema.Draft202012Validator)


def test_known_bad_says_what_transformerlens_needs(files):
    found = json.loads(files["api/v1/known-bad.json"])
    assert found["broken_for"]["TransformerLens"] == [[2, 8]]
    assert "linear-noncontiguous-weight" in found["torch"]["2.8"]["met_through"]["TransformerLens"]
    assert found["torch"]["2.8"]["silent"] and found["torch"]["2.8"]["unknown"] > 0
    smallest = found["smallest_for"]["TransformerLens"]
    assert (smallest["known"], smallest["possible"]) == ([2, 9], [2, 14])
    assert smallest["unknown"] > 0


def test_a_doubtful_match_breaks_no_library():
    doubtful = {"slug": "x", "doubt": "asks for mps"}
    data = {
        "one": {
            "provenance": {"versions": {"transformer_lens": "1", "transformers": "1"}, "bugs": {}},
            "records": [
                {"entry": "HookedTransformer", "model": exposure.MODEL, "uses": {"f": {"findings": [doubtful]}}}
            ],
        }
    }
    assert api.met_through(data)["TransformerLens"] == set()


def test_a_minor_is_sick_if_one_of_its_releases_is(files, known):
    found = json.loads(files["api/v1/known-bad.json"])["torch"]
    assert list(found) == list(dict.fromkeys(release.minor for release in releases.load()))
    for minor in found.values():
        assert len(minor["affected"]) + minor["unknown"] + minor["not_affected"] == len(known)
        assert all(set(bug["releases"]) <= set(minor["releases"]) for bug in minor["affected"])


def test_the_feed_has_dates_of_the_data_and_one_id_an_entry(files, known):
    feed = ElementTree.fromstring(files["api/feed.xml"])
    atom = {"a": "http://www.w3.org/2005/Atom"}
    ids = [element.text for element in feed.findall("a:entry/a:id", atom)]
    assert len(set(ids)) == len(ids) == api.FEED_LENGTH
    dates = {f"{one.date}T00:00:00Z" for one in known}
    assert {element.text for element in feed.findall("a:entry/a:updated", atom)} <= dates


def test_links_are_absolute_only_where_there_is_an_address(files):
    data = {name: text for name, text in files.items() if name.startswith("api/v1/bugs.json") or name in ("llms.txt",)}
    assert not any(
        "://" in re.sub(r"https?://(json-schema|github|discuss|www|blog|[\w.-]+)\S*", "", text)
        for text in data.values()
    )
    inputs = dataclasses.replace(pages.read_inputs(), site_url="https://site.example/mps/")
    there = pages.files(inputs)
    assert '"page": "https://site.example/mps/bugs/linear' in there["api/v1/known-bad.json"]
    assert 'href="https://site.example/mps/api/feed.xml"' in there["api/feed.xml"]
    assert "(https://site.example/mps/api/v1/bugs.json)" in there["llms.txt"]


def test_a_renamed_bug_leads_on():
    found = api.redirects({"old-name": "new-name"}, {"new-name"})
    assert list(found) == ["bugs/old-name/index.html"]
    assert 'url=../new-name/"' in found["bugs/old-name/index.html"]


@pytest.mark.parametrize(("renamed", "told"), [({"a": "b"}, "remove the line"), ({"c": "d"}, "no bug")])
def test_a_rename_that_leads_nowhere_is_refused(renamed, told):
    with pytest.raises(api.BadRename, match=told):
        api.redirects(renamed, {"a", "b"})


def test_the_renames_of_the_catalogue_lead_somewhere():
    api.redirects(json.loads(api.RENAMED.read_text()), {bug.slug for bug in catalogue.all_bugs()})
