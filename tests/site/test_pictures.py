"""The pictures of the home page and of the page of releases: whole, from the data, and told to those who do not see them."""

import re
from html import unescape
from xml.etree import ElementTree

import planted
import pytest

from mpscheck.bugs import figures
from mpscheck.bugs.figures import Figure
from mpscheck.known import releases
from mpscheck.places import ROOT
from mpscheck.site import reported_bars, timeline
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import home as home_page
from mpscheck.site.pages import releases as releases_page
from mpscheck.site.timeline import Bar

SVG = "{http://www.w3.org/2000/svg}"
LINEAR = "linear-noncontiguous-weight"
REPORT = "TransformerLensOrg/TransformerLens#1178"


def svg_of(page: str) -> ElementTree.Element:
    return ElementTree.fromstring(re.search(r"<svg.*?</svg>", page, re.DOTALL)[0])


def inside(svg: ElementTree.Element) -> bool:
    """Whether each rectangle lies within the picture."""
    _, _, width, height = map(float, svg.get("viewBox").split())
    rects = [[float(rect.get(name)) for name in ("x", "y", "width", "height")] for rect in svg.iter(f"{SVG}rect")]
    return all(min(x, y) >= 0 and x + w <= width and y + h <= height for x, y, w, h in rects)


# ---- what was reported, on the home page


def test_the_home_page_shows_the_report_as_bars_with_its_own_digits(files):
    page = files["generated/reported-bars.md"]
    svg = svg_of(page)
    assert svg.find(f"{SVG}title").text == (
        'Reported: P(" Mary"): 0.6770 on the CPU, 0.0000 on MPS; P(" John"): 0.0235 on the CPU, 0.0001 on MPS; '
        "IOI accuracy: 100% on the CPU, 0% on MPS."
    )
    assert [one.text for one in svg.iter(f"{SVG}text") if one.text not in ("CPU", "MPS")] == [
        'P(" Mary")', "0.6770", "0.0000", 'P(" John")', "0.0235", "0.0001", "IOI accuracy", "100%", "0%",
    ]  # fmt: skip
    assert "**reported**" in page and "TransformerLens/issues/1178" in page and "2026-02-19" in page


def test_the_home_page_shows_first_what_happened_and_who_says_so(files):
    page = files["generated/happened.md"]
    shown = [unescape(told) for _, told in re.findall(r"<(span|b|strong)>(.*?)</\1>", page)]
    assert shown == ['P(" Mary") on CPU', "0.6770", 'P(" Mary") on MPS', "0.0000", "reported"]
    home = (ROOT / "docs" / "index.md").read_text("utf-8")
    assert home.index("happened.md") < home.index("command.md") < home.index("## ")


def test_a_bar_is_as_long_as_its_share(files):
    found = reported_bars.shares(figures.load()[LINEAR], REPORT)
    svg = svg_of(files["generated/reported-bars.md"])
    widths = [float(rect.get("width")) for rect in svg.iter(f"{SVG}rect")]
    shares = [float(d.removesuffix("%")) / (100 if "%" in d else 1) for one in found for d in (one.cpu, one.mps)]
    whole = reported_bars.RIGHT - reported_bars.LEFT
    assert widths == pytest.approx([max(share * whole, 1.0) for share in shares], abs=0.1) and inside(svg)


def test_without_the_figures_there_is_no_picture():
    other = Figure(what="a probability", quantity="value", cpu="0.5", mps="0.1", source="a/b#1")
    logit = Figure(what="x: logit", quantity="value", cpu="+3.362", mps="-0.994", source=REPORT)
    assert home_page.reported(()) == home_page.reported((other, logit)) == home_page.happened((logit,)) == ""


# ---- what is known of each release


def test_the_picture_of_releases_has_a_bar_for_each_and_every_bug_in_it(files, known):
    svg = svg_of(files["generated/releases-picture.md"])
    told = [rect.find(f"{SVG}title").text for rect in svg.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]
    for place, release in enumerate(releases.load()):
        number = releases_page.counts(known, place)
        mine = dict(
            reversed(one.partition(": ")[2].split(" ", 1)) for one in told if one.startswith(f"{release.version}: ")
        )
        assert sum(map(int, mine.values())) == len(known)
        expected = (number.known, number.likely, number.open + number.rest, 0, number.not_affected)
        assert mine == {w: str(n) for w, n in zip(timeline.PARTS, expected, strict=True) if n}, release.version
    assert inside(svg) and f"Of {len(known)} known bugs" in files["generated/releases-picture.md"]
    newest = releases_page.counts(known, -1)
    assert (
        f"{releases.load()[-1].version}: {newest.known} affected, {newest.likely} likely"
        in svg.find(f"{SVG}title").text
    )


def test_parts_of_a_bar_are_told_apart_without_colour():
    looks = list(timeline.PARTS.values())
    assert len(set(looks)) == len(looks) and not re.search(r"#[0-9a-f]{3,6}\b(?!-)|rgb|red|green", "".join(looks))


def test_a_year_stands_at_its_first_release_and_none_where_the_day_is_not_known():
    bars = [
        Bar("2.16.0", "", (1, 0, 2, 3, 4)),
        Bar("2.15.0", "2026", (1, 0, 2, 3, 4)),
        Bar("2.14.1", "2026", (0, 0, 10, 0, 0)),
    ]
    svg = ElementTree.fromstring(timeline.drawing(bars))
    assert [one.text for one in svg.iter(f"{SVG}text") if re.fullmatch(r"20\d\d", one.text)] == ["2026"]
    assert "3 measured right on a Mac" in svg.find(f"{SVG}title").text and inside(svg)


def test_what_is_measured_right_on_a_real_mac_is_a_part_of_its_own(linear):
    """Only where the check was seen wrong on such a Mac, and not where a virtual GPU or an unverified run says so."""

    def told(**where) -> list[str]:
        first = planted.run(planted.record(linear, "wrong", "wrong"), torch="2.8.0")
        second = planted.run(planted.record(linear, "right"), torch="2.10.0", **where)
        inputs = Inputs((linear,), planted.runs(first, second))
        rows = releases_page.with_runs(inputs.known)
        svg = svg_of(releases_page.picture(rows))
        row = re.search(r"<tr>.*>2\.10\.0</a>.*", releases_page.table(rows))[0]
        parts = [one.text.partition(": ")[2] for one in svg.iter(f"{SVG}title") if one.text.startswith("2.10.0: ")]
        return [*parts, re.findall(r"<td>([^<]*)</td>", row)[5]]

    assert told() == ["1 measured right on a Mac", "1"]
    assert told(virtual=True)[0] == told(by_ci=False)[0] == "1 not affected, say sources"
