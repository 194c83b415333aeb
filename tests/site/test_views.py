"""The views of all known bugs: pages, index, releases, matrix. What is unknown is never shown as not affected."""

import dataclasses
import itertools
import json
import re

from packaging.specifiers import SpecifierSet

from mpscheck.bugs import catalogue
from mpscheck.known import entry, evidence, measured, releases
from mpscheck.known.answer import answer
from mpscheck.known.setups import Setup
from mpscheck.site import cells
from mpscheck.site.pages import family as family_page
from mpscheck.site.pages import home as home_page
from mpscheck.site.pages import index as index_page
from mpscheck.site.pages import matrix as matrix_page
from mpscheck.site.pages import releases as releases_page
from mpscheck.site.pages import reported as reported_page


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
        assert number.known + number.unknown + number.not_affected == len(known)
        page = files[f"releases/{release.version}.md"]
        more = f"{number.likely} likely, {number.open} open, {number.rest} more unknown.**"
        assert f"**{number.known} known to be wrong, {more} No run on a Mac is behind this" in page
        assert len(re.findall(r"(?m)^<li>", page.partition("## Open ")[2].partition("\n## ")[0])) == number.open
        affected = json.loads(files[f"api/affected/{release.version}.json"])
        assert (len(affected["affected"]), affected["unknown"]["anything"]) == (number.known, number.unknown)
        assert len(affected["likely"]) == number.likely
        cells = (number.known, number.likely, number.open, number.rest, number.not_affected)
        row = f"{release.version}</a></th>{''.join(f'<td>{cell}</td>' for cell in cells)}"
        assert row in files["generated/releases-home.md"]


def test_the_page_of_a_release_shows_what_is_likely_first_then_what_is_open(known, files):
    page = files["releases/2.15.0.md"]
    order = [page.index(heading) for heading in ("## Likely affected", "## Open", "## Fixed in it", "## All that is")]
    assert order == sorted(order)
    open_ = page.partition("## Open ")[2].partition("\n## ")[0]
    checks = ["python snippets/bugs/" in line for line in open_.splitlines() if line.startswith("<li>")]
    assert checks == sorted(checks, reverse=True) and any(checks), "those that a reader can settle first"


def test_the_page_of_a_release_leads_to_all_that_is_unknown(known, files):
    """By family: each family's page states every bug of it on every release."""
    unknown = files["releases/2.15.0.md"].partition("## All that is unknown")[2]
    for family, members in family_page.by_family(known).items():
        number = sum(one.letters[-1] == "u" for one in members)
        shown = f'<a href="../../bugs/family/{family}/">{family}</a> {number} of {len(members)}</li>'
        assert (shown in unknown) == (number > 0), family
        for one in members:
            row = next(
                line for line in files[f"bugs/family/{family}.md"].splitlines() if f'"../../{one.slug}/"' in line
            )
            said = re.findall(r"</span> ([\w ]+)</span> ([\d.]+)", row)
            states = [found.shade if found.shade == "likely affected" else found.state for found in one.answers]
            labels = dict(zip((release.version for release in releases.load()), states, strict=True))
            assert said == [(label, first) for label, first, _ in releases.runs(labels)][::-1], one.slug


def test_every_bug_has_its_row(known, files):
    rows = files["bugs/rows.txt"].splitlines()
    assert [re.search(r'<a href="([^"]+)/">', row)[1] for row in rows] == [one.slug for one in known]
    assert files["generated/bug-index.md"].count("<tr><td>") == index_page.FIRST


def test_no_view_clears_a_release_while_anything_is_unknown(files):
    for name, text in files.items():
        if name.startswith(("releases/", "generated/")) and name.endswith(".md"):
            assert not re.search(r"(is|are|it) not affected", text.lower()), name
    assert "no list can clear it" in releases_page.answer(releases_page.Counts(0, 0, 0, 1, 9, 0))
    assert "no list" not in releases_page.answer(releases_page.Counts(0, 0, 0, 0, 9, 0))


def test_a_major_macos_counts_only_where_all_of_it_is_meant(linear):
    tied = dataclasses.replace(linear, macos=SpecifierSet(">=15.4,<26.4"))
    assert answer(tied, Setup("2.8.0")).state == "affected"
    assert [answer(tied, Setup("2.8.0", macos)).state for macos in ("14", "15", "26")] == ["unknown"] * 3
    assert releases.macos_of(tied) == ()
    assert answer(linear, Setup("2.8.0", "15")).state == "affected" and releases.macos_of(linear) == ("15", "26", "27")


def test_another_chip_is_unknown(linear):
    tied = dataclasses.replace(linear, chips=("M1",))
    assert [answer(tied, Setup("2.8.0", chip=chip)).state for chip in ("M1", "M4", None)] == [
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
                    for mac in bug["where"]
                    if (mac["macos"] is None or macos in mac["macos"]) and (not mac["chips"] or chip in mac["chips"])
                }
                right = {one.slug for one in known if one.on(version, macos, chip=chip).accused}
                assert shown == right
                near = {
                    bug["slug"]
                    for bug in data["likely"]
                    for mac in bug["where"]
                    if (mac["macos"] is None or macos in mac["macos"]) and (not mac["chips"] or chip in mac["chips"])
                }
                assert near == {
                    one.slug for one in known if one.on(version, macos, chip=chip).shade == "likely affected"
                }


def test_the_page_of_an_index_only_entry_says_what_is_known(files):
    page = files["bugs/no-grad-4d-mask-nan.md"]
    for words in (
        "no snippet yet",
        "contribute.md#a-bug",
        "**reported**",
        "as of 2026-11-24",
        "not run on a Mac by us",
        "pytorch/issues/167515",
    ):
        assert words in page
    assert "Users who hit it" in page and "Our judgement" in page


def test_what_is_inferred_stays_marked(known):
    inferred = [one for one in known if not one.has_check and "(inferred)" in (one.bug.effect_text or "")]
    assert inferred and all("&#40;inferred&#41;" in reported_page.page(one) for one in inferred)


def grid_of(*known):
    return cells.grid(list(known), entry.every_release(known), cells.macos(list(known)))


def on(grid, slug: str, question: str):
    """The cells of a bug that a reader sees for a macOS and GPU, as the script looks them up."""
    return grid.cells[slug].get(question, grid.cells[slug][cells.ANY])


def test_the_matrix_shows_what_a_mac_gave(mac_run, linear):
    index = measured.index((linear,), {"mac": mac_run})
    grid = grid_of(*entry.entries((linear,), (), index, evidence.read_controls()))
    [place] = [n for n, column in enumerate(grid.columns) if "2.8.0" in column.versions]
    [shown] = grid.columns[place].runs[linear.slug]
    for words in ("torch 2.8.0", "macOS 15", "a virtual GPU", "wrong once", "unverified"):
        assert words in shown
    here = on(grid, linear.slug, "15/virtual")[place]
    assert (here.state, here.word, here.signs) == ("affected", "wrong once", "a")  # once settles nothing
    assert not any(column.runs for n, column in enumerate(grid.columns) if n != place)


def test_releases_of_which_the_same_is_known_are_one_column_of_the_matrix(known):
    members = [one for one in known if one.bug.family == "strides"]
    grid = grid_of(*members)
    assert [version for column in grid.columns for version in column.versions] == [r.version for r in releases.load()][
        ::-1
    ]
    states = [[grid.cells[one.slug][cells.ANY][n].because for one in members] for n in range(len(grid.columns))]
    assert all(left != right for left, right in itertools.pairwise(states))
    assert any(len(column.versions) > 1 for column in grid.columns)


def test_each_cell_of_the_matrix_is_the_answer_on_that_macos_and_gpu(mac_run, linear):
    """For claims tied to a macOS, to a minor version of it, to chips and to none, and where one was measured."""
    slugs = ("conv1d-out-channels-over-65536", "conv3d-contiguous-wrong", "linear-3d-bias-wrong-virtual-m1-26")
    bugs = (linear, *(bug for bug in catalogue.all_bugs() if bug.slug in slugs or bug.chips))
    index = measured.index(bugs, {"mac": mac_run})
    known = entry.entries(bugs, (), index, evidence.read_controls())
    grid = grid_of(*known)
    for one in known:
        for macos, (gpu, virtual) in itertools.product(("", *cells.macos(known)), cells.GPUS.items()):
            shown = on(grid, one.slug, f"{macos}/{gpu}")
            for column, here in zip(grid.columns, shown, strict=True):
                for version in column.versions:
                    assert here == cells.cell(one.on(version, macos or None, virtual)), (one.slug, version, macos, gpu)
    on_15, on_any = (on(grid, "conv1d-out-channels-over-65536", question) for question in ("15/", "/"))
    assert on_15 != on_any


def test_a_release_that_runs_alone_know_is_a_column_of_the_matrix(mac_run, linear):
    run = mac_run | {"provenance": mac_run["provenance"] | {"torch": "2.99.0"}}
    build = mac_run | {"provenance": mac_run["provenance"] | {"torch": "2.100.0.dev20270101"}}
    index = measured.index((linear,), {"mac": run, "build": build})
    names = [column.name for column in grid_of(*entry.entries((linear,), (), index, evidence.read_controls())).columns]
    assert names[0] == "2.99.0" and not any("dev" in name for name in names)


def test_the_matrix_has_a_row_a_bug_and_its_legend(known, files):
    for family, members in family_page.by_family(known).items():
        page = files[f"matrix/{family}.md"]
        assert re.findall(r'<tr id="([^"]+)"', page) != [] and set(re.findall(r'<tr id="([^"]+)"', page)) == {
            one.slug for one in members
        }
        signs = set(re.findall(r'<td class="([^"]+)"', page))
        assert signs <= set(re.findall(r'<span class="cell ([^"]+)"', page)), family
    assert set(matrix_page.LEGEND) >= {"a", "n", "u", "u l", *(f"{letter} m" for letter in "acdn")}


def test_the_most_dangerous_come_first_and_ranks_are_unique(known):
    ranks = [one.danger for one in known if one.danger]
    assert ranks == sorted(set(ranks)) and ranks[0] == 1, "one that turns out harmless leaves a gap"
    assert all(one.silent for one in known[: len(ranks)])
