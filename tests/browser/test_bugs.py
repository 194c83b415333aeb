"""The index of known bugs: whole without a script, filters and links to share with one."""

import re

import pytest
from playwright.sync_api import expect

from mpscheck.bugs import catalogue
from mpscheck.site.pages import index as index_page

ROWS = "[data-bugs] tbody tr"
OUTPUT = "[data-count]"
SLUGS = {bug.slug for bug in catalogue.all_bugs()}


@pytest.fixture
def index(visit):
    """Opens the index with these words in its address and all its rows read."""

    def go(query: str = "", **options):
        page = visit(**options).go(f"bugs/{query}")
        page.locator("h1").click()
        expect(page.locator(ROWS)).to_have_count(len(SLUGS))
        return page

    return go


def shown(page) -> list[str]:
    """The slugs of the rows that fit, all of them revealed."""
    expect(page.locator(ROWS)).to_have_count(len(SLUGS))
    button = page.locator("[data-all]")
    button.evaluate("button => button.click()")  # it goes by itself where few rows are left
    expect(button).to_be_hidden()
    links = page.locator(f"{ROWS}:not([hidden]) a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    return [link.rstrip("/") for link in links]


def test_without_a_script_every_bug_is_reached(visit, site):
    """The pages of the families hold their rows as they are sent."""
    page = visit(java_script_enabled=False).go("bugs/")
    assert page.locator(ROWS).count() == index_page.FIRST
    assert page.locator(OUTPUT).inner_text() == f"The first {index_page.FIRST} of {len(SLUGS)} bugs."
    assert not page.locator(".filters").is_visible() and not page.locator("[data-all]").is_visible()
    page.locator("[data-families] summary").click()
    reached = set()
    for link in page.locator("[data-families] a").evaluate_all("all => all.map((a) => a.getAttribute('href'))"):
        sent = (site / "bugs" / link / "index.html").read_text("utf-8")
        reached |= set(re.findall(r'<tr[^>]*><td><a href="../../([^"/]+)/', sent))
    assert reached == SLUGS


def test_the_other_rows_come_at_the_first_move(visit):
    seen = visit()
    page = seen.go("bugs/")
    assert "bugs/rows.txt" not in seen.loaded
    page.mouse.wheel(0, 100)
    expect(page.locator(ROWS)).to_have_count(len(SLUGS))
    assert page.locator(f"{ROWS}:not([hidden])").count() >= index_page.FIRST


@pytest.mark.parametrize("way", ["the search of the browser", "to the end of the rows", "the button"])
def test_more_rows_are_shown(visit, way):
    page = visit().go("bugs/")
    visible = page.locator(f"{ROWS}:not([hidden])")
    if way == "the search of the browser":
        page.keyboard.press("Control+f")
    elif way == "the button":
        page.locator("[data-all]").click()
    else:
        page.mouse.wheel(0, 100)
        expect(page.locator(ROWS)).to_have_count(len(SLUGS))
        visible.last.scroll_into_view_if_needed()
        expect(visible).not_to_have_count(index_page.FIRST)
        assert index_page.FIRST < visible.count() < len(SLUGS)
        return
    expect(visible).to_have_count(len(SLUGS))


def test_all_rows_keep_the_order_of_danger(index, site):
    page = index()
    listed = re.findall(r'<tr [^>]*><td><a href="([^"/]+)/', (site / "bugs" / "rows.txt").read_text("utf-8"))
    assert shown(page) == listed and len(listed) == len(SLUGS)


@pytest.mark.parametrize("typed", ["F.linear", "nn.Linear", "aten::linear", "addmm", "161640", "pytorch#161640"])
def test_an_op_is_found_by_any_spelling_and_a_thread_by_its_number(index, typed):
    page = index()
    page.get_by_label("Op, spelled any way").fill(typed)
    assert "linear-noncontiguous-weight" in shown(page)
    assert len(shown(page)) < len(SLUGS)


def test_a_word_that_no_bug_has_finds_none(index):
    page = index()
    page.get_by_label("Op, spelled any way").fill("nosuchop")
    expect(page.locator(f"{ROWS}:not([hidden])")).to_have_count(0)
    assert page.locator(OUTPUT).inner_text() == f"0 of {len(SLUGS)} bugs."


def test_a_link_holds_the_filters(index, visit, known):
    page = index("?torch=2.8.0&state=affected&macos=15")
    right = {entry.slug for entry in known if entry.on("2.8.0", "15").accused}
    assert set(shown(page)) == right and right
    page.get_by_label("PyTorch").select_option("2.9.0")
    assert "torch=2.9.0" in page.url and "state=affected" in page.url
    assert shown(visit().go(page.url.partition("/bugs/")[2].join(["bugs/", ""]))) == shown(page)


def test_the_count_names_what_is_unknown(index, known):
    page = index("?torch=2.15.0")
    said = page.locator(OUTPUT).inner_text()
    found = [entry.on("2.15.0") for entry in known]
    affected, unknown = sum(one.accused for one in found), sum(one.state == "unknown" for one in found)
    assert f"{affected} known, {unknown} unknown" in said


def test_clearing_shows_all_again(index):
    page = index("?family=fft")
    assert len(shown(page)) < len(SLUGS)
    page.get_by_role("button", name="Clear filters").click()
    assert len(shown(page)) == len(SLUGS) and page.url.endswith("/bugs/")


def test_a_click_on_a_heading_sorts(index):
    page = index()
    page.get_by_role("button", name="PyTorch, newest first").click()
    assert page.locator("th[data-sort=newest]").get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Bug, the most dangerous first").click()
    assert page.locator("th[data-sort=danger]").get_attribute("aria-sort") == "ascending"


def test_by_keyboard_alone(visit):
    page = visit().go("bugs/")
    page.get_by_label("Op, spelled any way").focus()
    page.keyboard.type("conv1d")
    found = shown(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/bugs/{found[0]}/")


def test_rows_that_cannot_be_read_are_not_said_to_be_none(visit):
    window = visit()
    page = window.go("bugs/")
    window.context.route("**/rows.txt", lambda route: route.abort())
    page.get_by_label("Op, spelled any way").fill("nosuchop")
    expect(page.locator(OUTPUT)).to_contain_text("Not filtered")
    assert page.locator(f"{ROWS}:not([hidden])").count() == index_page.FIRST
    assert page.locator("[data-families] a").first.is_visible()


def test_back_from_a_bug_keeps_the_filters(index):
    page = index("?torch=2.8.0&state=affected")
    before = shown(page)
    page.locator(f"{ROWS}:not([hidden]) a").first.click()
    page.wait_for_url(f"**/bugs/{before[0]}/")
    page.go_back()
    assert shown(page) == before
