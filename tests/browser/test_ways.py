"""The ways of a reader: from the question to the answer, in few steps and on the first screen."""

import pytest

PHONE = {"viewport": {"width": 390, "height": 844}}
SET_UP = "?torch=2.8.0&macos=15&chip=M2&use=forward"
WAYS = {  # on the home page: what to follow, where it leads, what stands on the first screen there
    "six questions": ("guides/triage/", "Does the CPU say something else?"),
    "that case": ("ioi/", "install PyTorch 2.9"),
    "do I have to redo them?": ("guides/redo-results/", "Check again before you redo anything."),
    "known-bad versions as data": ("guides/maintainers/", "known-bad.json"),
    "a healthy and a sick model": ("guides/teaching/", "The IOI notebook"),
    "what is reported and not settled": ("worklist/", "are not settled on PyTorch"),
    "where runs disagree": ("changes/", "with the run before it"),
    "contribute": ("contribute/", "A run from your Mac"),
}


def on_first_screen(page, found) -> bool:
    """True if the last element that was found ends above the lower edge of a window that was not scrolled.

    The banner of the rehearsed site does not count: the published one has none.
    """
    box = found.last.bounding_box()
    banner = page.evaluate("document.querySelector('.md-banner')?.offsetHeight ?? 0")
    return page.evaluate("scrollY") == 0 and box["y"] + box["height"] - banner <= page.viewport_size["height"]


def test_a_phone_shows_the_answer_and_the_command_at_once(visit):
    page = visit(**PHONE).go(SET_UP)
    answer = page.locator("[data-answer]")
    for words in ("no list can clear this set-up", "F.linear", "fixed in 2.9.0", "our judgement"):
        assert words in answer.text_content()
    assert on_first_screen(page, answer)
    assert on_first_screen(page, page.get_by_text("python validate_mps.py"))


def test_a_phone_without_scripts_shows_both_too(visit):
    page = visit(java_script_enabled=False, **PHONE).go("")
    releases = page.locator(".affected noscript li")
    assert on_first_screen(page, releases)
    assert on_first_screen(page, page.get_by_text("python validate_mps.py"))
    releases.get_by_text("2.8.0").click()
    assert page.locator("h1").inner_text().startswith("PyTorch 2.8.0")


def test_a_set_up_that_is_not_chosen_is_not_judged(visit):
    page = visit(**PHONE).go("")
    assert "Until it agrees" not in page.locator("[data-answer]").inner_text()
    assert page.locator(".affected noscript li").count() == 0


@pytest.mark.parametrize("way", WAYS)
def test_each_way_is_one_step_from_the_home_page(visit, way):
    path, answer = WAYS[way]
    page = visit().go("")
    page.locator("article").get_by_role("link", name=way).first.click()
    page.wait_for_url(f"**/{path}")
    assert on_first_screen(page, page.locator("article").get_by_text(answer).first)


def test_a_page_that_is_not_there_leads_on(visit):
    page = visit().go("404.html")
    page.locator("article").get_by_role("link", name="the known bugs").click()
    page.wait_for_url("**/bugs/")


@pytest.mark.parametrize("path", ["", "bugs/linear-noncontiguous-weight/", "explanation/wrong/"])
def test_the_guides_stand_in_the_menu_of_every_page(visit, path):
    page = visit().go(path)
    menu = page.locator(".md-nav--primary")
    for name in ("A wrong result, no traceback", "Do I have to redo my results?", "For library maintainers"):
        assert menu.get_by_role("link", name=name).is_visible()
