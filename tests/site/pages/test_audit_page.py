"""The page of audit: which share of the catalogue it holds against the calls, and what it says of the rest."""

import re

from mpscheck.bugs import catalogue
from mpscheck.tools import bundle
from mpscheck.tools.known import read_known


def test_the_share_is_that_of_the_bugs_that_the_file_carries(files):
    carried = read_known(bundle.TOOLS["audit_mps.py"].carries())
    held = [bug for bug in carried if bug.triggers]
    total = len(catalogue.all_bugs())
    said = files["generated/audit-share.md"]
    assert f"Of {total} known bugs it holds **{len(held)}** against each call ({len(held) / total:.0%})" in said
    assert f"{sum(bug.draft for bug in held)} whose condition is drafted" in said
    assert f"Of {len(carried) - len(held)} more nobody knows the condition" in said


def test_each_bug_stands_in_one_column_of_its_family(files):
    rows = [
        line.split(" | ") for line in files["generated/audit-reach.md"].splitlines() if line.startswith(("| [", "| **"))
    ]
    *families, everything = [[int(cell.strip(" |") or 0) for cell in row[2:]] for row in rows]
    assert [sum(column) for column in zip(*families, strict=True)] == everything
    assert sum(everything) == len(catalogue.all_bugs())
    names = [re.search(r"\[(.*?)\]", row[0])[1] for row in rows[:-1]]
    for name, numbers in zip(names, families, strict=True):
        assert sum(numbers) == sum(bug.family == name for bug in catalogue.all_bugs())
