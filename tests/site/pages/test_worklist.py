"""The worklist: every bug that is not settled on the newest release, once, with what helps to settle it."""

import re

import planted

from mpscheck.bugs import catalogue
from mpscheck.known import releases
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import worklist

NEWEST = releases.load()[-1].version
UNSAID = "layer-norm-slice-offset"


def rows(page: str) -> list[str]:
    return [
        re.search(r'href="\.\./bugs/([\w-]+)/"', line)[1] for line in page.splitlines() if line.startswith("<tr><td>")
    ]


def test_every_unsettled_bug_stands_there_once_and_no_other(known, files):
    wanted = sorted(one.slug for one in known if one.answers[-1].state != "not affected")
    assert sorted(rows(files["generated/worklist.md"])) == wanted
    assert (
        f"**{len(wanted)} of {len(known)} reported bugs are not settled on PyTorch {NEWEST}**"
        in (files["generated/worklist-summary.md"])
    )


def test_a_row_has_check_versions_fix_and_thread(known, files):
    page = files["generated/worklist.md"]
    for one in known:
        if one.answers[-1].state == "not affected":
            continue
        [row] = [line for line in page.splitlines() if f'href="../bugs/{one.slug}/"' in line]
        assert (f'href="../bugs/{one.slug}.py"' in row) == one.has_check
        assert one.bug.url in row
        if one.bug.fixed_pr:
            assert f"/issues/{one.bug.fixed_pr.partition('#')[2]}" in row


def test_the_likely_ones_come_before_the_open_and_the_closed_ones(files):
    headings = re.findall(r"(?m)^## (.+?) \{", files["generated/worklist.md"])
    assert headings == [heading for heading in worklist.SECTIONS if heading in headings]
    assert headings[0] == "Likely there" and "Open threads" in headings


def test_within_a_section_ops_stand_together(known):
    for there in worklist.unsettled(known).values():
        ops = [worklist.op(entry).lower() for entry in there]
        assert ops == sorted(ops)


def test_a_run_moves_a_bug_to_what_is_wrong(known):
    bug = catalogue.find(UNSAID)
    run = planted.run(planted.record(bug, "wrong", "wrong"), torch=NEWEST, macos="26.1")
    found = worklist.unsettled(Inputs(catalogue.all_bugs(), planted.runs(run)).known)
    assert [entry.slug for entry in found["Wrong on the newest release"]] == [UNSAID]
    assert "Wrong on the newest release" not in worklist.unsettled(known)
    assert "measured on macOS 26" in worklist.tables([entry for there in found.values() for entry in there])
