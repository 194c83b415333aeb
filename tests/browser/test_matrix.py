"""The matrix of bugs and releases, and the widget of the first page, in a real browser."""

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import releases
from mpscheck.known.answer import answer
from mpscheck.known.setups import Setup

from .conftest import empty_alone

LINEAR = "linear-noncontiguous-weight"


def cell(page, version: str, slug: str = LINEAR):
    """The link in the row of a bug and the column of a release."""
    place = [release.version for release in releases.load()][::-1].index(version)
    return page.locator(f"tr[data-slug={slug}] td > a").nth(place)


def test_each_cell_is_a_link_without_a_script(visit):
    page = visit(java_script_enabled=False).go("matrix/")
    assert page.locator("td > a").count() == len(catalogue.with_check()) * len(releases.load())
    assert cell(page, "2.8.0").get_attribute("aria-label") == "affected"
    assert not page.locator(".switch").is_visible()


def test_a_cell_opens_what_it_rests_on(visit, which):
    page = visit().go("matrix/")
    cell(page, "2.8.0").click()
    dialog = page.locator("dialog")
    measured = {"empty": "not yet run on a Mac", "rehearsed": "run file mps_torch2.8.0_macos24G720_Apple-M1_py3.11.9"}[
        which
    ]
    for words in ("PyTorch 2.8.0: affected", "Known from", measured):
        assert words in dialog.inner_text()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


@empty_alone
@pytest.mark.parametrize("macos", ["15", "26"])
def test_the_switch_shows_the_states_of_the_catalogue(visit, macos):
    page = visit().go(f"matrix/?macos={macos}")
    for bug in catalogue.with_check():
        for version in ("2.7.1", "2.8.0", "2.15.0"):
            assert cell(page, version, bug.slug).get_attribute("aria-label") == answer(bug, Setup(version, macos)).state


@empty_alone
def test_back_to_any_macos(visit):
    page = visit().go("matrix/?macos=26")
    page.get_by_label("any").check()
    bugs = sorted(catalogue.with_check(), key=lambda bug: bug.slug)
    newest_first = [release.version for release in releases.load()][::-1]
    for bug in bugs:
        states = page.locator(f"tr[data-slug={bug.slug}] td > a").evaluate_all("all => all.map((a) => a.ariaLabel)")
        assert states == [answer(bug, Setup(version)).state for version in newest_first]
    assert "macos" not in page.url


def test_arrow_keys_move_between_cells(visit):
    page = visit().go("matrix/")
    first, right = page.locator("td > a").nth(0), page.locator("td > a").nth(1)
    first.focus()
    page.keyboard.press("ArrowRight")
    assert right.evaluate("one => one === document.activeElement")
    page.keyboard.press("ArrowDown")
    assert page.locator("td > a").nth(len(releases.load()) + 1).evaluate("one => one === document.activeElement")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.locator("dialog").is_visible()


def test_headings_stay_in_sight(visit):
    page = visit(390).go("matrix/")
    box = page.locator(".scroll.matrix")
    box.evaluate("one => one.scrollTo(400, 300)")
    edges = box.bounding_box()
    assert abs(page.locator("thead th").nth(5).bounding_box()["y"] - edges["y"]) < 3
    assert abs(page.locator("tbody th").nth(5).bounding_box()["x"] - edges["x"]) < 3
