"""CPU against MPS on a bug's page: what others published, labelled as theirs, or one line that there is nothing."""

import dataclasses
import json
import re

import markdown
import pytest

from mpscheck.bugs.figures import Figure
from mpscheck.known.entry import Entry
from mpscheck.site import figures
from mpscheck.site.pages import bug as bug_page
from mpscheck.site.pages import reported as reported_page

ONE = Figure(
    what="softmax of a slice", quantity="value", cpu="0.6770", mps="0.0000", source="a/b#7", verdict="wrong",
    torch=("2.8.0",), macos="15.6.1", chip="M3", date="2026-02-19", code=True,
)  # fmt: skip
HOSTILE = '</td><img src=x onerror=alert(1)>|`x`\n\n--8<-- "pyproject.toml"'


@pytest.fixture
def plain(known):
    """A bug without a check in whose threads no figure is noted."""
    return next(one for one in known if not one.has_check and not any("figures" in r for r in one.bug.reported))


def cells(text: str) -> list[list[str]]:
    """The rows of the table below its head, a list of cells each."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_a_row_has_set_up_values_date_and_source(plain):
    said = figures.section(plain.bug, (ONE,))
    assert said.startswith("## CPU against MPS")
    assert "Reported by others, not run by us" in said
    (row,) = cells(said)
    assert row[0] == "softmax of a slice" and "0.6770" in row[1]
    assert "0.0000" in row[2] and row[2].endswith("</span> wrong</small>")
    assert row[3] == "PyTorch 2.8.0, macOS 15.6.1, M3"
    assert 'href="https://github.com/a/b/issues/7"' in row[4] and "2026-02-19, with code" in row[4]


def test_what_is_not_known_is_said_and_a_control_is_named(plain):
    bare = Figure(what="matmul", quantity="said", mps="right", source="a/b#7", of="control")
    (row,) = cells(figures.section(plain.bug, (bare,)))
    assert row[0].startswith("control, not the faulty call") and row[1] == "–"
    assert "no verdict" in row[2] and row[3] == "PyTorch not named" and "<small>" not in row[4]


def test_a_virtual_gpu_and_a_doubt_are_named(plain):
    doubtful = dataclasses.replace(ONE, virtual=True, doubt="the machine was shared")
    (row,) = cells(figures.section(plain.bug, (doubtful,)))
    assert row[3].endswith("M3 (virtual)") and "wrong; the machine was shared" in row[2]


def test_the_newest_release_comes_first_and_a_row_without_one_last(plain):
    torch = [(), ("2.8.0",), ("2.14.0", "2.13.0"), ("2.14.0.dev20260629",)]
    found = tuple(dataclasses.replace(ONE, torch=versions) for versions in torch)
    shown = [
        row[3].partition(", macOS")[0].removeprefix("PyTorch ") for row in cells(figures.section(plain.bug, found))
    ]
    assert shown == ["2.13.0, 2.14.0", "2.14.0.dev20260629", "2.8.0", "not named"]


def test_many_releases_are_folded(plain):
    many = dataclasses.replace(ONE, torch=("2.9.1", "2.10.0", "2.14.0", "2.4.1", "2.8.0"))
    (row,) = cells(figures.section(plain.bug, (many,)))
    assert row[3].startswith("PyTorch 2.4.1 to 2.14.0 (5 of them), macOS")


def test_a_page_without_figures_says_so_in_one_line(plain):
    said = figures.section(plain.bug, ())
    assert said.endswith("No CPU-vs-MPS figure of this bug is known to be public, and it has not run on a Mac yet.")
    assert "|" not in said
    assert "has not run" not in figures.section(plain.bug, (), measured="a table")


def test_figures_that_stand_in_threads_alone_are_not_denied(known):
    told = next(one for one in known if any("figures" in sighting for sighting in one.bug.reported))
    assert "in the [threads](#threads) alone" in figures.section(told.bug, ())


def test_a_strangers_words_are_text(plain):
    hostile = dataclasses.replace(
        ONE, what=HOSTILE, cpu=HOSTILE, mps=HOSTILE, chip=HOSTILE, macos=HOSTILE, doubt=HOSTILE
    )
    said = figures.section(plain.bug, (hostile,))
    assert "\n--8<--" not in said and "<img" not in markdown.markdown(said, extensions=["tables", "md_in_html"])


def test_both_kinds_of_pages_have_the_section(files, known):
    for has_check in (True, False):
        entry = next(one for one in known if one.has_check is has_check)
        assert files[f"bugs/{entry.slug}.md"].count("\n## CPU against MPS") == 1


def test_pages_show_the_figures_of_the_catalogue(files):
    page = files["bugs/linear-bias-batch-over-65536.md"]
    assert "28928" in page and "Reported by others, not run by us" in page


def test_the_page_takes_what_it_is_given(linear, plain):
    assert "0.6770" in bug_page.page(Entry(linear, (), ()), {}, figures=(ONE,))
    assert "0.6770" in reported_page.page(plain, figures=(ONE,))


def test_the_data_hold_the_same_rows(files):
    bugs = {bug["slug"]: bug for bug in json.loads(files["api/v1/bugs.json"])["bugs"]}
    rows = bugs["linear-bias-batch-over-65536"]["figures"]
    assert {"mps": "28928", "of": "bug", "verdict": "wrong", "chip": "M5 Max"}.items() <= rows[1].items()
    page = files["bugs/linear-bias-batch-over-65536.md"]
    assert all(re.search(rf"<code>{row['mps']}</code>", page) for row in rows)
