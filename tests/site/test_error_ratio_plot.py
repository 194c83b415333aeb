"""The figure of the error ratios: every check is in it, however many there are, and none looks better than it is."""

import re
from xml.etree import ElementTree

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import evidence
from mpscheck.site import error_ratio_plot as plot

SVG = "{http://www.w3.org/2000/svg}"
FAMILIES = {bug.slug: bug.family for bug in catalogue.with_check()}


def row(slug: str, healthy, sick, verdict: str = "wrong") -> dict:
    return {"snippet": slug, "honest_ratio": healthy, "sick_ratio": sick, "sick": {"compute": verdict}}


def marks(svg: str) -> dict[str, tuple[float, str | None]]:
    """From what a pointer is told of a mark to its place along the axis and its number."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        title, shape, *number = group
        x = shape.get("cx") or re.match(r"M([\d.]+)", shape.get("d"))[1]
        found[title.text] = float(x) + (0 if shape.get("cx") else 5), number[0].text if number else None
    return found


def test_every_published_check_stands_in_it_once_healthy_and_once_sick():
    rows = evidence.rows(evidence.read_controls())
    svg = plot.drawing(rows, FAMILIES, 10.0)
    told = {title: int(number or 1) for title, (_, number) in marks(svg).items()}
    shown = {one["snippet"] for one in rows if one["honest_ratio"] is not None or one["sick_ratio"] is not None}
    for device in ("healthy", "sick"):
        named = []
        for title, count in told.items():
            who, _, names = title.partition(": ")
            slugs = re.sub(r" and \d+ more$", "", names).split(", ")
            named += slugs if who == device else []
            assert count == len(slugs) + int((re.findall(r" and (\d+) more$", names) or [0])[0])
        stand = sum(count for title, count in told.items() if title.startswith(device))
        assert len(named) == len(set(named)) and shown >= set(named)
        assert len(shown) >= stand > 0.9 * len(shown), "some are about random numbers, or cannot be imitated"


def test_a_mark_names_three_of_many_checks():
    svg = plot.drawing([row(name, 0.1, 1e3) for name in "abcde"], dict.fromkeys("abcde", "mask"), 10.0)
    healthy, sick = marks(svg).items()
    assert re.fullmatch(r"healthy: \w, \w, \w and 2 more", healthy[0]) and healthy[1][1] == sick[1][1] == "5"


def test_it_grows_with_the_families_and_not_with_the_checks():
    def height(count):
        rows = [row(f"bug-{n}", 10 ** (n % 7 / 7 - 1), 10.0 ** (2 + n % 5)) for n in range(count)]
        svg = plot.drawing(rows, {one["snippet"]: f"family-{n % 5}" for n, one in enumerate(rows)}, 10.0)
        return ElementTree.fromstring(svg).get("viewBox")

    assert height(5) == height(400)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("a", 1.0, 1e4), row("b", 1.1, 1.1e4)], {"healthy: b, a": (1.1, "2"), "sick: a, b": (1e4, "2")}),
        ([row("a", 0, "inf"), row("b", 0, 5.0, "nan")], {"healthy: b, a": (0, "2"), "sick: a, b": ("inf", "2")}),
        ([row("a", 0.1, 1e3)], {"healthy: a": (0.1, None), "sick: a": (1e3, None)}),
    ],
)
def test_marks_that_would_cover_each_other_are_one_and_stand_nearest_to_the_limit(rows, expected):
    found = marks(plot.drawing(rows, {"a": "mask", "b": "mask"}, 10.0))
    assert found == {title: (plot.place(ratio), number) for title, (ratio, number) in expected.items()}


def test_those_who_do_not_see_it_are_told_the_extremes():
    svg = plot.drawing([row("a", 1.5, 2e4), row("b", 0.5, 3e6)], {"a": "mask", "b": "copy"}, 10.0)
    assert svg.count('role="img" aria-labelledby="ratios-title"') == 1
    assert "2 checks. Healthy devices reach 1.5 at most, 10 is allowed, sick devices reach 2e+04 at least." in svg


def test_without_results_it_says_so():
    assert plot.drawing([], FAMILIES, 10.0) == "<p>Not made yet.</p>\n"
