"""The page of the runs, with as many as PyTorch's pace gives in some years."""

import re
from itertools import product

import planted
import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import releases
from mpscheck.site import run_pages
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import results as results_page

TORCH = [release.version for release in releases.load()][-10:]
KINDS = list(product(TORCH, ("15.6", "26.1"), (True, False)))  # 40 set-ups


def made(count: int, bug) -> dict[str, dict]:
    """So many runs, one a day until the last day of 2027, on one set-up after the other."""
    found = []
    for number in range(count):
        torch, macos, virtual = KINDS[number % len(KINDS)]
        year, day = 2027 - number // 365, 364 - number % 365
        date = f"{year}-{day // 31 + 1:02d}-{min(day % 31 + 1, 28):02d}"
        word = ("wrong", "wrong") if number % 3 else ("right",)
        found.append(planted.run(planted.record(bug, *word), torch=torch, macos=macos, virtual=virtual, date=date))
    return planted.runs(*found)


@pytest.fixture(scope="module")
def inputs(linear):
    """1,000 runs, and one that somebody sent."""
    theirs = planted.run(planted.record(linear, "right"), torch=TORCH[-1], date="2027-06-01", by_ci=False)
    return Inputs((linear,), made(1000, linear), {"theirs": theirs})


@pytest.fixture(scope="module")
def pages(inputs):
    return results_page.files(inputs)


def rows(page: str) -> list[str]:
    return re.findall(r'(?m)^\| <span id="(run-[^"]+)"></span>', page)


def test_the_page_holds_the_last_runs_and_a_page_a_year_the_others(pages, inputs):
    shown = rows(pages["generated/results.md"])
    assert shown == [run_pages.anchor(run) for run in inputs.published[:50]]
    assert "### The last 50 of 1001 runs" in pages["generated/results.md"]
    years = {name: rows(page) for name, page in pages.items() if re.fullmatch(r"runs/20\d\d\.md", name)}
    assert set(years) == {f"runs/{year}.md" for year in (2025, 2026, 2027)}
    every = [*shown, *(one for there in years.values() for one in there)]
    assert sorted(every) == sorted(run_pages.anchor(run) for run in inputs.published) and len(set(every)) == 1001
    for name, there in years.items():
        assert f"[{len(there)} of {name[5:9]}]({name})" in pages["generated/results.md"]
        assert f"{len(there)} runs, newest first." in pages[name]


def test_each_link_to_a_run_leads_to_where_it_stands(pages, inputs):
    """From every page that names a run: a page of its own, or its row."""
    for name, link in run_pages.links(inputs.published).items():
        file, _, anchor = link.partition("#")
        page = pages["generated/results.md" if file == "results.md" else file]
        assert f'id="{anchor}"' in page if anchor else "# Run of " in page, name


def test_the_newest_run_of_each_set_up_is_seen_at_a_glance(pages, inputs):
    table = pages["generated/results.md"].partition("### The newest run of each set-up")[2].partition("</div>")[0]
    head, _, *lines = [line for line in table.splitlines() if line.startswith("|")]
    assert head == "| PyTorch | macOS 26, real | macOS 26, virtual | macOS 15, real | macOS 15, virtual |"
    assert [line.split(" | ")[0].strip("| ") for line in lines] == TORCH[::-1]
    newest = run_pages.with_page(inputs.published)
    assert len(newest) == len(KINDS) + 1 == table.count("<time>")
    for run in newest:
        assert f"[<time>{run.where['date'][:10]}</time>](runs/{run.slug}.md)" in table
    [sent] = [line for line in lines if "unverified" in line]
    assert sent.startswith(f"| {TORCH[-1]} |") and sent.count("0 wrong, 1 right, unverified") == 1


def test_the_page_stays_as_long_as_it_is_however_many_runs_there_are(pages, linear):
    hundred = results_page.files(Inputs((linear,), made(100, linear)))
    assert len(pages["generated/results.md"]) < 1.2 * len(hundred["generated/results.md"]) < 60_000


def test_a_few_runs_are_all_in_one_table(linear):
    pages = results_page.files(Inputs((linear,), made(3, linear)))
    assert "### All 3 runs" in pages["generated/results.md"] and "Older runs" not in pages["generated/results.md"]
    assert len(rows(pages["generated/results.md"])) == 3


def test_what_agrees_and_was_not_expected_otherwise_is_folded_and_all_else_is_in_view(linear):
    """A run of 261 checks is a screen of what matters; what was made with older code is never among what agrees."""
    other = catalogue.find("gelu-noncontiguous")
    right = planted.record(other, "right")
    run = planted.run(planted.record(linear, "wrong"), right, torch=TORCH[-1])
    seen, _, folded = results_page.run_section("mac", run, (linear, other)).partition("<details")
    assert f"[{linear.slug}]" in seen and "not as expected" in seen and other.slug not in seen
    assert "<summary>1 agree, none against what is expected</summary>" in folded and f"[{other.slug}]" in folded
    for record in (right | {"code": "0" * 16}, planted.record(other, "hang")):
        page = results_page.run_section("mac", planted.run(record, torch=TORCH[-1]), (other,))
        assert other.slug in page and "<details" not in page
