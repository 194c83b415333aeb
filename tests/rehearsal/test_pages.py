"""Each planted case is found where a reader looks for it: on the page of its bug, on those of the runs, under what changed."""

import json
import re

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import cause, repeated
from mpscheck.rehearsal import planted, runs
from mpscheck.runs import results
from mpscheck.site import words
from mpscheck.site.escape import text

PLAN = planted.load()
UNFIT = PLAN.case("unfit-machine").found[0]
HERE = [
    pytest.param(case, found, setup, id=f"{case.name}-{setup.torch}-{setup.machine}")
    for case in PLAN.cases
    if case.snippet is not None
    for found in case.found
    for setup in PLAN.setups
    if found.is_in(setup) and not UNFIT.is_in(setup)  # of that machine no result counts
]
SICK = ("wrong</span>", "NaN</span>", "nondeterministic</span>", "error</span>", "memory</span>")
ABOUT_CHANGES = {  # case: (section of the page, release)
    "newly-wrong": ("Newly wrong", "2.16.0"),
    "newly-right": ("Newly right", "2.16.0"),
    "patch-after-a-newer-minor": ("Newly right", "2.14.2"),
    "said-fixed-measured-wrong": ("Contradictions", "2.15.0"),
    "said-affected-measured-right": ("Contradictions", "2.8.0"),
}


@pytest.fixture(scope="module")
def docs(clone):
    """The sources of the rehearsed pages, as `mpscheck rehearse` writes them."""
    return clone / ".cache" / "rehearsal" / "source" / "docs"


def page(docs, slug: str) -> str:
    return (docs / "bugs" / f"{slug}.md").read_text("utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def row_of(docs, slug: str, setup: planted.Setup, dtype: str | None) -> list[str]:
    """The row of one measurement: Found, On, CPU, MPS, How wrong, Control and workaround, Run."""
    whole = page(docs, slug).partition("All measurements")[2].partition("</details>")[0]
    macos = PLAN.machines[setup.machine]["macos_build"]
    where = (f"PyTorch {setup.torch}<br>", f"({macos})", setup.date[:10])
    gpu = text(PLAN.machines[setup.machine]["gpu"] or "a GPU without a name")
    ours = setup.folder == "runs"
    [row] = [
        line
        for line in whole.splitlines()
        if all(part in line for part in where) and gpu in line and ours == ("unverified" not in line)
        and (dtype is None or f" in {dtype}" in line)
    ][:1]  # fmt: skip
    return cells(row)


def rows_of_runs(docs) -> list[list[str]]:
    """The rows of all runs: of the table of runs, then of the pages of older ones."""
    pages = [docs / "generated/results.md", *sorted((docs / "runs").glob("20??.md"), reverse=True)]
    lines = (line for file in pages for line in file.read_text("utf-8").splitlines())
    return [cells(line) for line in lines if line.startswith('| <span id="run-')]


@pytest.mark.parametrize(("case", "found", "setup"), HERE)
def test_each_case_stands_in_the_table_of_its_bug(docs, case, found, setup):
    said, _, cpu, mps, how_wrong, others, _ = row_of(docs, case.snippet, setup, found.dtype)
    control, _, workaround = others.partition(", ")
    if found.kind == "right":
        assert "right</span>" in said and (cpu, mps) == ("–", "–")
    elif found.kind in ("sick", "control wrong", "workaround wrong"):
        told = ("not separable</span>",) if found.kind == "control wrong" else SICK
        assert any(word in said for word in told) and "once" not in said
        if catalogue.find(case.snippet).kind == "wrong":
            assert "<code>" in cpu and "<code>" in mps and "values" in how_wrong
        assert ("wrong" in control, "wrong" in workaround) == (
            found.kind == "control wrong",
            found.kind == "workaround wrong",
        )
    elif found.kind == "sick once":
        assert said.endswith(" once")
    elif found.kind == "another shape":
        assert "wrong" in said and "another shape" in how_wrong
    elif found.kind == "outdated":
        assert "outdated" in said and "changed since" in how_wrong
    else:
        assert found.kind.replace("-", " ") in said and text(found.reason, limit=60).rstrip("…") in how_wrong


@pytest.mark.parametrize(("case", "found", "setup"), [one for one in HERE if one.values[1].reason])
def test_what_gave_no_verdict_stands_folded_with_its_reason(docs, case, found, setup):
    folded = re.search(r"<summary>\d+ without a verdict: .*?</details>", page(docs, case.snippet), re.DOTALL)[0]
    summary, _, reasons = folded.partition("</summary>")
    assert found.kind.replace("-", " ") in summary
    [line] = [line for line in reasons.splitlines() if text(found.reason, limit=300) in line]
    assert f"PyTorch {setup.torch}, " in line or " more)</small>" in line


def test_a_control_that_is_wrong_too_is_no_contradiction(docs):
    [found] = PLAN.case("control-wrong").found
    slug = PLAN.case("control-wrong").snippet
    folded = re.search(r"<summary>\d+ without a verdict: .*?</details>", page(docs, slug), re.DOTALL)[0]
    assert "not separable" in folded and "the control, a call that this bug spares, is wrong too" in folded
    changed = (docs / "generated/changes.md").read_text("utf-8")
    assert not any(slug in line and f"| {found.torch[0]} |" in line for line in changed.splitlines())
    versions = page(docs, slug).partition("## Versions")[2].partition("\n## ")[0]
    assert "contradiction" not in "".join(line for line in versions.splitlines() if found.torch[0] in line)


def test_a_minor_macos_that_a_claim_names_is_a_set_up_of_its_own(docs):
    slug = PLAN.case("minor-macos").snippet
    folded = page(docs, slug).partition("| Found |")[2].partition("</div>")[0]
    wrong, right = (cells(line) for line in folded.splitlines() if "PyTorch 2.14.1<br>" in line)
    assert "wrong</span> in 7 of 7" in wrong[0] and "macOS 15.7, 26.2 and 27.0, real" in wrong[1]
    assert "right</span> in 1 of 1" in right[0] and "macOS 26.4, real" in right[1]


def test_equal_neighbours_are_one_line(docs):
    """Right on each release and machine but for 2.8.0: few lines for 57 measurements."""
    folded = page(docs, "linear-noncontiguous-weight").partition("| Found |")[2].partition("</div>")[0]
    lines = [cells(line) for line in folded.splitlines() if line.startswith("| <span")]
    assert len(lines) <= 6
    [wrong] = [line for line in lines if "wrong</span>" in line[0]]
    assert wrong[0].endswith("in 6 of 6") and "PyTorch 2.8.0<br>" in wrong[1]
    assert "macOS 15, 26 and 27, real and virtual" in wrong[1] and "2.8.0" not in "".join(
        line[1] for line in lines if line is not wrong
    )
    assert any("PyTorch 2.0.1 to 2.6.0<br>" in line[1] and line[0].endswith("in 24 of 24") for line in lines)


def test_runs_that_disagree_are_one_line_that_says_so(docs):
    for name, verified in (("two-runs-disagree", True), ("unverified-right", False), ("unverified-wrong", False)):
        case = PLAN.case(name)
        lines = [
            line for line in page(docs, case.snippet).splitlines() if "runs disagree</span>, wrong in 1 of 2" in line
        ]
        [line] = [line for line in lines if f"PyTorch {case.found[0].torch[0]}<br>" in line]
        assert "macOS 26, real" in line and ("1 of 2 unverified" in line) == (not verified), name


def test_a_whole_run_without_a_verdict_is_seen_in_the_table_of_runs(docs):
    table = rows_of_runs(docs)
    assert len(table) == len(PLAN.setups)
    [unfit] = [s for s in PLAN.setups if UNFIT.is_in(s)]
    [row] = [row for row in table if unfit.date[:10] in row[0] and row[3] == "Apple M4, virtual"]
    assert row[5:7] == ["0", "0"] and row[7] == str(len(runs.few(catalogue.with_check())))
    linked = re.search(r"\]\((?:\.\./)?(runs/[^)]+\.md)\)", row[0])[1]
    assert "unfit</span>, so no result of this run counts" in (docs / linked).read_text("utf-8")
    [unclear] = [s for s in PLAN.setups if PLAN.case("not-separable").found[0].is_in(s)]
    [row] = [
        row for row in table if unclear.date[:10] in row[0] and row[1:4] == [unclear.torch, "26.4", "Apple M1, virtual"]
    ]
    linked = re.search(r"\]\((?:\.\./)?(runs/[^)]+\.md)\)", row[0])[1]
    assert "not separable</span> where a check makes a call that fails" in (docs / linked).read_text("utf-8")


def test_the_table_of_runs_tells_who_made_a_run_and_what_was_not_expected(docs):
    table = rows_of_runs(docs)
    assert [row[0] for row in table] == sorted(
        (row[0] for row in table), key=lambda c: re.search(r"<time>(.*?)<", c)[1], reverse=True
    )
    assert sum(row[4] == "unverified" for row in table) == sum(s.folder == "unverified" for s in PLAN.setups)
    assert len((docs / "generated/results.md").read_text("utf-8").split('<span id="run-')) == 51, (
        "older ones have a page"
    )
    for name in ("newly-wrong", "said-fixed-measured-wrong", "said-affected-measured-right", "unverified-wrong"):
        case = PLAN.case(name)
        [torch] = case.found[-1].torch or case.found[0].torch
        assert any(row[1] == torch and f"[{case.snippet}]" in row[8] for row in table), name


@pytest.mark.parametrize(("name", "where"), ABOUT_CHANGES.items())
def test_what_changed_stands_under_its_heading(docs, name, where):
    section, torch = where
    said = (docs / "generated/changes.md").read_text("utf-8").partition(f"## {section} ")[2].partition("\n## ")[0]
    rows = [cells(line) for line in said.splitlines() if f"bugs/{PLAN.case(name).snippet}/" in line]
    assert any(row[2] == torch for row in rows)


@pytest.mark.parametrize("name", ["two-runs-disagree", "unverified-right", "unverified-wrong"])
def test_runs_that_disagree_stand_under_their_heading_each_with_its_run(docs, name):
    """Somebody whose Mac gives something else than ours finds it there, and sees that it is known."""
    case = PLAN.case(name)
    said = (
        (docs / "generated/changes.md").read_text("utf-8").partition("## Runs that disagree ")[2].partition("\n## ")[0]
    )
    [row] = [cells(line) for line in said.splitlines() if f"bugs/{case.snippet}/" in line]
    assert row[2:4] == [case.found[0].torch[0], "macOS 26, a real GPU"]
    for found in case.found:
        [setup] = [setup for setup in PLAN.setups if found.is_in(setup)]
        cell = row[5 if found.kind == "right" else 4]
        assert setup.date[:10] in cell and ("unverified" in cell) == (setup.folder == "unverified")


@pytest.mark.parametrize("name", ["two-runs-disagree", "unverified-right", "unverified-wrong"])
def test_runs_that_disagree_are_in_the_feed_with_how_many_say_what(docs, name):
    case = PLAN.case(name)
    feed = (docs / "api/feed.xml").read_text("utf-8")
    [told] = [one for one in feed.split("<entry>") if f"bugs/{case.snippet}/" in one and "<title>Runs disagree" in one]
    assert f"Runs disagree on torch {case.found[0].torch[0]}, macOS 26, a real GPU: " in told
    assert re.search(r"<summary>wrong in 1 of 2 runs, last on 20\d\d-\S+; right in 1 of 2 runs, last on 20", told)


def test_a_release_that_no_file_knows_is_found_from_the_home_page_and_is_the_newest_of_the_worklist(docs):
    home = (docs / "generated/only-in-runs.md").read_text("utf-8")
    assert home == (
        "Not in the form yet, but in our runs: PyTorch 2.16.0 and 2.14.2, in [the matrix](matrix.md) and under "
        "[what changed](changes.md).\n"
    )
    assert "are not settled on PyTorch 2.16.0**" in (docs / "generated/worklist-summary.md").read_text("utf-8")
    wrong = (
        (docs / "generated/worklist.md").read_text("utf-8").partition("## Wrong on the newest")[2].partition("\n## ")[0]
    )
    assert f"bugs/{PLAN.case('newly-wrong').snippet}/" in wrong
    known_bad = json.loads((docs / "api/v1/known-bad.json").read_text("utf-8"))["torch"]["2.16"]
    assert PLAN.case("newly-wrong").snippet in [one["slug"] for one in known_bad["affected"]]


def test_a_contradiction_is_followed_from_the_run_file_to_the_feed(docs):
    case = PLAN.case("said-fixed-measured-wrong")
    runs = docs.parents[1] / "results" / "runs"
    found = [json.loads(path.read_text("utf-8")) for path in runs.glob("mps_torch2.15.0_macos25E253*")]
    [record] = [r for run in found for r in run["records"] if r["snippet"] == case.snippet]
    output = record["attempts"][0]["functions"]["compute"]["outputs"][0]
    setup = next(s for s in PLAN.setups if case.found[0].is_in(s))
    row = row_of(docs, case.snippet, setup, None)
    assert row[2].startswith(f"<code>{text(words.value(output['first_wrong']['cpu']))}</code>")
    assert row[3].startswith(f"<code>{text(words.value(output['first_wrong']['device']))}</code>")
    assert f"{output['device']['wrong']:,} of " in row[4] and setup.date[:10] in row[6]
    assert "≠</span> contradiction</span> | [2.15.0]" in page(docs, case.snippet)
    changed = (
        (docs / "generated/changes.md").read_text("utf-8").partition("## Contradictions ")[2].partition("\n## ")[0]
    )
    [line] = [one for one in changed.splitlines() if f"bugs/{case.snippet}/" in one and "| 2.15.0 |" in one]
    assert cells(line)[3:6] == ["macOS 26, a real GPU", "**affected**", "not affected (release notes)"]
    feed = (docs / "api/feed.xml").read_text("utf-8")
    assert (
        f"Contradiction on torch 2.15.0, macOS 26, a real GPU: {catalogue.find(case.snippet).claim.replace('`', '')}"
        in feed
    )


def test_the_page_of_the_ioi_case_shows_each_made_up_result_and_what_it_settles(docs):
    figures, settled = ((docs / f"generated/{name}.md").read_text("utf-8") for name in ("ioi-mac", "ioi-settled"))
    assert figures.count("Evidence: **rehearsal**") == len(PLAN.reporter) == 3 and "**measured**" not in figures
    lines = settled.splitlines()[2:]
    for one, line in zip(sorted(PLAN.reporter, key=lambda one: one.date, reverse=True), lines, strict=True):
        machine = PLAN.machines[one.machine]
        assert text(machine["chip"]) in line and machine["macos_build"] in line and cause.FOUND[one.shows] in line
    assert "F.linear, 3-D input, bias" in "".join(line for line in lines if "not separable" in line)


def test_a_made_up_result_of_the_report_is_refused_where_results_are_published(docs):
    folder = docs.parents[1] / "results" / "reporter"
    found = sorted(folder.glob("*.json"))
    assert len(found) == len(PLAN.reporter)
    for file in found:
        with pytest.raises(results.BadResults, match="'evidence' was unexpected"):
            repeated.read(file)
