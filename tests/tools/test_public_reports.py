"""Programs of public reports, made again: which bug `audit` names in each on the versions of the thread, and how surely."""

import json
from pathlib import Path

import public_reports
import pytest
import torch

from mpscheck.bugs import catalogue
from mpscheck.tools import bundle
from mpscheck.tools.audit import audit
from mpscheck.tools.audit.matching import MEMORY_DOUBT
from mpscheck.tools.known import read_known

ROWS = [json.loads(line) for line in Path(public_reports.__file__).with_suffix(".jsonl").read_text().splitlines()]
KNOWN = read_known(bundle.TOOLS["audit_mps.py"].carries())


def named(program, torch_version=None, macos=None) -> dict[str, str]:
    """How surely each bug is named that these versions have, or may have: what is of other versions is left out."""
    torch.manual_seed(0)
    with audit(torch=torch_version, macos=macos, bugs=KNOWN) as report:
        program()
    met = [f for f in report.findings if report.group(f) != "not affected"]
    return {f.bug.slug: "possible" if f.doubt else "certain" for f in reversed(met)}  # the certain ones come first


@pytest.mark.parametrize("row", ROWS, ids=[row["thread"] for row in ROWS])
def test_the_cause_that_the_thread_names_is_named(row):
    found = named(getattr(public_reports, row["program"]), row["torch"], row["macos"])
    assert {slug: how for slug, how in found.items() if slug in row["names"]} == row["names"]
    if not row["names"]:
        assert not [slug for slug, how in found.items() if how == "certain"]
    assert set(row["names"].values()) == {"certain"} or row.get("why"), "what is not certain says why"


def test_each_row_has_a_thread_of_its_own_and_a_program_and_none_is_left_over():
    programs = {
        name for name, value in vars(public_reports).items() if getattr(value, "__module__", "") == "public_reports"
    }
    assert {row["program"] for row in ROWS} == programs and len({row["thread"] for row in ROWS}) == len(ROWS) >= 12
    reports = {
        report["thread"]: report for _, report in catalogue.entries(catalogue.CATALOGUE / "reports.jsonl", "report")
    }
    for row in ROWS:  # what the catalogue says of the thread's cause
        said = {*reports[row["thread"]]["bugs"]}
        assert said >= {*row["names"]} or row.get("why")


CURED = {
    "hooked_transformer_generates": ("2.9.0", "15.6.1"),
    "sentence_is_embedded": ("2.9.0", None),
    "prompt_is_read_in_bfloat16": ("2.13.0", "27.0"),
}


@pytest.mark.parametrize("program", CURED)
def test_a_release_with_the_fix_is_not_accused(program):
    (row,) = [row for row in ROWS if row["program"] == program]
    assert not named(getattr(public_reports, program), *CURED[program]).keys() & row["names"].keys()


def test_memory_that_nobody_has_written_is_possible_and_what_was_written_is_read():
    q = torch.ones(1, 4, 4)

    def scores(buffer):
        return lambda: torch.baddbmm(buffer(), q, q, beta=0)

    slug = "baddbmm-beta-zero-nan"
    with audit(bugs=KNOWN) as report:
        scores(lambda: torch.empty(1, 4, 4))()
    assert [f.doubt for f in report.findings if f.bug.slug == slug] == [MEMORY_DOUBT] and not report.exposed
    assert named(scores(lambda: torch.full((1, 4, 4), float("nan"))))[slug] == "certain"
    for written in (lambda: torch.zeros(1, 4, 4), lambda: torch.empty(1, 4, 4).zero_(), lambda: torch.ones(1, 4, 4)):
        assert slug not in named(scores(written))
    assert slug not in named(lambda: torch.baddbmm(torch.empty(1, 4, 4), q, q, beta=1))
