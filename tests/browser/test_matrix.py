"""The matrix of bugs and releases in a real browser: an overview, and a page a family."""

import gzip
import re

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import releases
from mpscheck.known.answer import answer
from mpscheck.known.entry import every_release
from mpscheck.known.setups import Setup
from mpscheck.rehearsal import planted
from mpscheck.site import cells
from mpscheck.site.pages import matrix
from mpscheck.site.pages.family import by_family

from .conftest import empty_alone, rehearsed_alone
from .test_files import FIRST_VIEW, first_view

LINEAR = "linear-noncontiguous-weight"
FAMILY = "matrix/strides/"  # its family
PLAN = planted.load()


def family_of(slug: str) -> str:
    return catalogue.find(slug).family


def column(page, version: str) -> int:
    """The column of a release: its own, or that of a stretch that it is in."""
    heads = page.locator("thead th").all_inner_texts()
    return next(n for n, head in enumerate(heads) if n and within(version, head))


def settled(page):
    """Wait until the rows and cells are those that were asked for."""
    page.wait_for_load_state("networkidle")
    page.locator("table[aria-busy=false]").wait_for()


def within(version: str, head: str) -> bool:
    """Whether a heading (`2.8.0`, `2.1.0 to 2.1.2`) stands for a release."""
    ends = [tuple(map(int, one.split("."))) for one in re.findall(r"[\d.]+", head)]
    return ends[0] <= tuple(map(int, version.split("."))) <= ends[-1]


def cell(page, version: str, slug: str = LINEAR):
    """The cell in the row of a bug and the column of a release."""
    return page.locator(f"tr#{slug} > *").nth(column(page, version))


def shown(page, version: str, slug: str = LINEAR) -> tuple[str, str, bool]:
    """State, word of the runs, and whether the sign is filled, as it is once the script has painted."""
    one = cell(page, version, slug)
    state, _, word = one.text_content().partition(", ")
    filled = one.evaluate("one => getComputedStyle(one, '::before').backgroundColor !== 'rgba(0, 0, 0, 0)'")
    return state, word, filled


def test_the_overview_leads_to_every_family_and_back(visit):
    page = visit(java_script_enabled=False).go("matrix/")
    names = page.locator("tbody th a").all_inner_texts()
    assert names == sorted({bug.family for bug in catalogue.all_bugs()})
    numbers = page.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert sum(map(int, numbers)) == len(catalogue.all_bugs())
    page.get_by_role("link", name="strides", exact=True).click()
    assert page.locator("h1").inner_text().startswith("Matrix: strides")
    page.get_by_role("link", name="another family").click()
    assert page.url.endswith("/matrix/")


@empty_alone
def test_the_overview_counts_what_affects_a_release(visit):
    page = visit().go("matrix/")
    heads = page.locator("thead th").all_inner_texts()
    for row in page.locator("tbody tr").all():
        family, *said = row.locator("> *").all_text_contents()
        for version in ("2.8.0", "2.15.0"):
            there = [answer(bug, Setup(version)) for bug in catalogue.all_bugs() if bug.family == family]
            number = sum(one.accused for one in there)
            assert said[heads.index(version) - 1] == (str(number) if number else "unknown"), (family, version)


def test_everything_is_there_without_a_script(visit):
    page = visit(java_script_enabled=False).go(FAMILY)
    bugs = [bug for bug in catalogue.all_bugs() if bug.family == "strides"]
    assert page.locator("tbody tr").count() == len(bugs)
    assert page.locator("tbody th a").count() == len(bugs)
    assert shown(page, "2.8.0")[0] == "affected"
    for release in releases.load():
        assert cell(page, release.version).count() == 1


def test_each_row_leads_to_its_bug(visit):
    page = visit().go(FAMILY)
    page.locator(f"tr#{LINEAR} th a").click()
    assert page.url.endswith(f"/bugs/{LINEAR}/")


@empty_alone
@pytest.mark.parametrize("family", ["strides", "conv-pool", "matmul"])  # claims tied to macOS, to minors and to chips
@pytest.mark.parametrize("macos", ["", "15", "26"])
def test_the_states_are_those_of_the_catalogue(visit, family, macos):
    page = visit().go(f"matrix/{family}/")
    page.locator("[name=macos]").select_option(macos)
    settled(page)
    bugs = [bug for bug in catalogue.all_bugs() if bug.family == family]
    for version in ("2.7.1", "2.8.0", "2.15.0"):
        place = column(page, version)
        found = dict(
            page.locator("tbody tr").evaluate_all("(all, n) => all.map((r) => [r.id, r.cells[n].textContent])", place)
        )
        for bug in bugs:
            one = answer(bug, Setup(version, macos or None))
            assert found[bug.slug] == (one.shade if one.shade == "likely affected" else one.state), (bug.slug, version)


# Case, release, machine, and what the cell there must say: state, word, filled.
PLANTED = [
    ("expected-fault", "2.8.0", "real-15", "affected", "wrong", True),
    ("said-affected-measured-right", "2.8.0", "real-26", "contradiction", "right", True),
    ("said-affected-measured-right", "2.8.0", "real-15", "affected", "wrong", True),
    ("said-fixed-measured-wrong", "2.15.0", "real-26", "contradiction", "wrong", True),
    ("macos-15-against-26", "2.14.1", "real-15", "affected", "wrong", True),
    ("macos-15-against-26", "2.14.1", "virtual-26", "not affected", "right", True),
    ("macos-15-against-26", "2.14.1", "real-27", "not affected", "right", True),
    ("virtual-against-real", "2.15.0", "virtual-15", "affected", "wrong", True),
    ("virtual-against-real", "2.15.0", "real-15", "unknown", "agreed", False),
    ("two-runs-disagree", "2.13.0", "real-26", "disagreement", "both", True),
    ("wrong-once", "2.15.0", "virtual-15", "not affected", "wrong once", False),
    ("one-dtype", "2.15.0", "real-27", "affected", "wrong", True),
    ("hang", "2.6.0", "real-15", "unknown", "hang", False),
    ("crash", "2.3.1", "virtual-26", "unknown", "crash", False),
    ("memory", "2.4.1", "virtual-15", "affected", "memory", False),
    ("unsupported", "2.0.1", "real-15", "unknown", "unsupported", False),
    ("error", "2.14.1", "virtual-26", "unknown", "error", False),
    ("gpu-fault", "2.15.0", "real-27", "unknown", "gpu fault", False),
    ("no-reference", "2.0.1", "real-15", "unknown", "unfit", False),
    ("too-little-memory", "2.15.0", "virtual-27", "not affected", "not run", False),
    ("outdated-code", "2.4.1", "real-15", "not affected", "outdated", False),
    ("unverified-right", "2.15.0", "real-26", "disagreement", "both", True),
    ("unverified-wrong", "2.15.0", "real-26", "disagreement", "both", True),
    ("newly-wrong", "2.15.0", "virtual-26", "not affected", "right", True),
    ("newly-wrong", "2.16.0", "real-26", "contradiction", "wrong", True),  # a release that runs alone know
    ("newly-right", "2.15.0", "real-26", "affected", "wrong", True),
    ("newly-right", "2.16.0", "real-26", "unknown", "agreed", False),
    ("patch-after-a-newer-minor", "2.14.1", "real-26", "affected", "wrong", True),
    ("patch-after-a-newer-minor", "2.14.2", "real-26", "contradiction", "right", True),
]


@rehearsed_alone
@pytest.mark.parametrize(("name", "torch", "machine", "state", "word", "filled"), PLANTED)
def test_a_planted_case_stands_in_its_cell(visit, name, torch, machine, state, word, filled):
    slug, there = PLAN.case(name).snippet, PLAN.machines[machine]
    macos, gpu = there["macos"].partition(".")[0], "virtual" if there["virtual"] else "real"
    page = visit().go(f"matrix/{family_of(slug)}/?macos={macos}&gpu={gpu}")
    settled(page)
    assert shown(page, torch, slug) == (state, word, filled)


@rehearsed_alone
def test_measured_rows_come_first_and_contradictions_before_them(visit):
    page = visit().go("matrix/matmul/")
    kinds = [one or "" for one in page.locator("tbody tr").evaluate_all("all => all.map((row) => row.dataset.show)")]
    ranks = [("odd" not in one, "m" not in one.split(), "check" not in one) for one in kinds]
    assert ranks == sorted(ranks) and ranks[0] == (False, False, False) and len(set(ranks)) > 2


@rehearsed_alone
def test_the_overview_leads_to_what_runs_contradict(visit):
    page = visit().go("matrix/")
    page.locator("tr", has_text="matmul").get_by_role("link", name=re.compile("of matmul")).click()
    settled(page)
    assert page.locator("tbody tr").filter(visible=True).evaluate_all("all => all.map((row) => row.id)") == [
        "addmm-square-matrices"
    ]


def test_a_cell_opens_what_it_rests_on(visit, which):
    page = visit().go(FAMILY)
    cell(page, "2.8.0").click()
    dialog = page.locator("dialog")
    dialog.wait_for()
    measured = {"empty": "none of this release", "rehearsed": "torch 2.8.0, macOS 15, a real GPU: wrong (1 run"}[which]
    for words in ("PyTorch 2.8.0", ": affected", "Rests on", measured):
        assert words in dialog.inner_text()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


@rehearsed_alone
def test_the_window_of_a_contradiction_names_both_sides(visit):
    page = visit().go("matrix/matmul/?macos=26&gpu=real")
    cell(page, "2.15.0", "addmm-square-matrices").click()
    dialog = page.locator("dialog")
    dialog.wait_for()
    assert "affected in our runs on macOS 26, a real GPU, not affected say the release notes" in dialog.inner_text()
    assert "torch 2.15.0, macOS 26, a real GPU: wrong (2 runs" in dialog.inner_text()


def test_back_to_any_macos(visit):
    page = visit().go(f"{FAMILY}?macos=14&gpu=virtual")
    states = "all => all.map((one) => `${one.className} ${one.textContent}`)"
    page.locator("[name=macos]").select_option("")
    page.locator("[name=gpu]").select_option("")
    settled(page)
    again = page.locator("tbody td").evaluate_all(states)
    assert "macos" not in page.url and "gpu" not in page.url
    assert again == visit().go(FAMILY).locator("tbody td").evaluate_all(states)


def test_the_filter_finds_an_op_however_it_is_spelled(visit):
    page = visit().go(FAMILY)
    for typed in ("F.linear", "aten::linear", "linear"):
        page.locator("[name=op]").fill(typed)
        settled(page)
        rows = page.locator("tbody tr").filter(visible=True)
        assert page.locator(f"tr#{LINEAR}").is_visible() and 0 < rows.count() < page.locator("tbody tr").count()
        assert page.locator("[data-count]").inner_text().startswith(f"{rows.count()} of ")
    page.locator("[name=op]").fill("")
    page.locator("[name=show]").select_option("check")
    settled(page)
    with_check = [bug.slug for bug in catalogue.with_check() if bug.family == "strides"]
    assert (
        sorted(page.locator("tbody tr").filter(visible=True).evaluate_all("all => all.map((r) => r.id)")) == with_check
    )


def test_arrow_keys_move_between_the_rows_that_are_shown(visit):
    page = visit().go(FAMILY)
    page.locator("[name=show]").select_option("check")
    settled(page)
    rows = page.locator("tbody tr").filter(visible=True)
    is_focused = "one => one === document.activeElement"
    rows.nth(0).locator("th a").focus()
    page.keyboard.press("Tab")
    assert rows.nth(0).locator("td").nth(0).evaluate(is_focused)
    page.keyboard.press("ArrowRight")
    assert rows.nth(0).locator("td").nth(1).evaluate(is_focused)
    page.keyboard.press("ArrowDown")
    assert rows.nth(1).locator("td").nth(1).evaluate(is_focused)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for()


def test_a_screen_reader_hears_the_state(visit):
    page = visit().go(FAMILY)
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [one["name"]["value"] for one in tree if one.get("role", {}).get("value") in ("gridcell", "cell")]
    assert len(names) == page.locator("tbody td").count()
    assert {name.split(",")[0] for name in names} >= {"affected", "not affected", "unknown"}
    assert all(re.match("[a-z]", name) for name in names)  # words, no signs


def test_headings_stay_in_sight(visit):
    page = visit(390).go(FAMILY)
    box = page.locator(".scroll.matrix")
    box.evaluate("one => one.scrollTo(400, 300)")
    edges = box.bounding_box()
    assert abs(page.locator("thead th").nth(5).bounding_box()["y"] - edges["y"]) < 3
    assert abs(page.locator("tbody th").nth(5).bounding_box()["x"] - edges["x"]) < 3


@rehearsed_alone
def test_the_largest_family_may_double(known, site):
    """Twice as many bugs as it has, all with a check that was tried on each Mac of the rehearsal, weighed by the row."""
    largest = max(len(members) for members in by_family(known).values())
    members = [entry for entry in known if entry.measured_on]
    assert len(members) > largest / 2
    grid = cells.grid(members, every_release(members), cells.macos(members))
    page = matrix.page("strides", members, grid, cells.macos(members))
    around = first_view(site, site / FAMILY / "index.html")
    table = len(gzip.compress(page.encode(), 6)) * 2 * largest / len(members)
    assert sum(around.values()) - around[f"{FAMILY}index.html"] + table <= FIRST_VIEW
