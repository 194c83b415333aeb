"""What holds for every kind of page: nothing from outside, no errors, no accessibility faults, no scrolling sideways."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import TEMPLATES

pytestmark = pytest.mark.everywhere
NOTEBOOK = "notebooks/ioi/"
WIDTHS = {"wide": 1280, "phone": 390, "zoomed to 200 %": 640}
MOVING = "document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getComputedTiming().duration > 100)"
every_kind = pytest.mark.parametrize("path", [*TEMPLATES.values(), NOTEBOOK], ids=[*TEMPLATES, "notebook"])


def violations(page) -> list[str]:
    """What axe finds: rules of WCAG and best practice."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["light, wide", "dark, phone"])
@every_kind
def test_no_accessibility_fault(visit, path, width, dark):
    page = visit(width, dark).go(path)
    page.wait_for_timeout(200)  # site.js waits for the theme to be done
    assert violations(page) == []


def test_an_accessibility_fault_is_found(visit):
    page = visit().go("")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(one.startswith("button-name") for one in violations(page))


@every_kind
def test_nothing_from_outside_and_no_error(visit, path):
    seen = visit()
    page = seen.go(path)
    page.mouse.wheel(0, 400)
    page.wait_for_load_state("networkidle")
    assert seen.outside == [] and seen.errors == []


def test_what_comes_from_outside_is_seen_and_refused(visit):
    seen = visit()
    page = seen.go("")
    page.evaluate("fetch('https://outside.example/').catch(() => 0)")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))"
    )
    page.wait_for_timeout(100)
    assert any("outside.example" in error for error in seen.errors)
    assert page.evaluate("window.ran") is None


@every_kind
def test_no_page_scrolls_sideways(visit, path):
    page = visit().go(path)
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize("path", ["", "bugs/", "matrix/", "guides/triage/"])
def test_nothing_moves_where_less_motion_is_wanted(visit, path):
    page = visit(reduced_motion="reduce").go(path)
    page.mouse.wheel(0, 2000)
    page.keyboard.press("Tab")
    assert page.evaluate(f"{MOVING}.length") == 0


@every_kind
def test_on_paper_there_is_the_text_alone(visit, path):
    page = visit(794).go(path)  # A4
    page.emulate_media(media="print")
    assert page.locator("h1").first.is_visible()
    for left_out in (".md-header", ".md-sidebar--primary", ".md-search", ".filters", ".md-clipboard", ".md-top"):
        assert page.locator(left_out).filter(visible=True).count() == 0, left_out
    if page.locator("th:nth-child(12)").count():
        page.set_viewport_size({"width": 1047, "height": 718})  # tables of many columns lie across
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
