"""Which PyTorch to take, as a reader sees it, and how a run changes each sentence that advises a version."""

import json
import re

import planted
import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import exposure, releases, uses
from mpscheck.runs import emulated
from mpscheck.site.inputs import Inputs
from mpscheck.site.pages import advice as advice_page
from mpscheck.site.pages import bug as bug_page
from mpscheck.site.pages import home as home_page

LINEAR = "linear-noncontiguous-weight"
NEWEST = releases.load()[-1].version


@pytest.fixture(scope="module")
def shown():
    """The pieces with a run in which the bug is wrong in the newest release, of whom and where."""
    stored = {"exposure": exposure.read(), "recordings": emulated.read("recordings")}
    bug = catalogue.find(LINEAR)

    def with_run(**where) -> dict[str, str]:
        run = planted.runs(planted.run(planted.record(bug, "wrong", "wrong"), torch=NEWEST, macos="26.1", **where))
        mine = {"runs": run} if where.get("by_ci", True) else {"unverified": run}
        inputs = Inputs(catalogue.all_bugs(), **mine, **stored)
        with_check = {bug.slug for bug in inputs.checks}
        widget = home_page.advised(inputs.advice, NEWEST, with_check)
        return advice_page.files(inputs) | {"widget": widget}

    return with_run


ADVISING = [
    f"generated/advice-{name}.md" for name in ("short", "table", "home", "ioi", "case", "upgrade", "redo", "teaching")
]


def test_the_page_names_a_release_for_each_use_and_what_is_unknown_there(files):
    table = files["generated/advice-table.md"]
    for use in uses.OF_ADVICE:
        [row] = [line for line in table.splitlines() if f"[{use.label}](#{use.name})" in line]
        assert re.search(r"\*\*2\.\d+\.\d+\*\*<br>\d+ known to be wrong, \d+ likely, [1-9]\d* unknown", row)
        assert f"### {use.label} {{ #{use.name} }}" in files["generated/advice-remains.md"]


def test_nothing_measured_is_said_where_nothing_is(files, shown):
    assert "nothing has been measured on a physical Mac" in files["generated/advice-short.md"]
    assert "**No release is known to be right**" in files["generated/advice-short.md"]
    measured = shown()["generated/advice-short.md"]
    assert "our runs on physical Macs cover 1 of" in measured and "nothing has been" not in measured


def test_an_unknown_bug_with_a_check_comes_with_its_command(files):
    checks = {bug.slug for bug in catalogue.with_check()}
    commands = re.findall(r"`python snippets/bugs/([\w-]+)\.py`", files["generated/advice-remains.md"])
    assert commands and set(commands) <= checks


def test_a_bug_measured_wrong_changes_every_sentence_that_rests_on_it(files, shown):
    there = shown()
    assert not [name for name in ADVISING if there[name] == files[name]]
    assert "no release is known with a fix" in there["generated/advice-redo.md"]
    assert f"**Take PyTorch {NEWEST}**" not in there["generated/advice-short.md"]
    assert "install a PyTorch that is known to be right, once there is one" in there["generated/advice-ioi.md"]


@pytest.mark.parametrize("where", [{"virtual": True}, {"by_ci": False}], ids=["virtual", "unverified"])
def test_a_virtual_or_unverified_run_changes_none(files, shown, where):
    there = shown(**where)
    assert [name for name in ADVISING if there[name] != files[name]] == []
    claims = "Unverified runs say wrong, which does not count here" in there["generated/advice-remains.md"]
    assert claims == ("by_ci" in where)


def test_the_widget_says_for_each_mac_and_use_what_the_page_says(files, shown):
    for text in (files[f"api/advice/{NEWEST}.json"], shown()["widget"]):
        found = json.loads(text)
        macs = len(found["macos"]) * len(found["chip"])
        assert set(found["uses"]) == {use.name for use in uses.OF_ADVICE}
        for use in found["uses"].values():
            assert len(use["take"]) == len(use["standing"]) == macs

    def on(text: str, macos: str, chip: str) -> tuple[str, dict]:
        found = json.loads(text)
        place = found["macos"].index(macos) * len(found["chip"]) + found["chip"].index(chip)
        use = found["uses"]["patching"]
        return found["taken"][use["take"][place]], found["standings"][use["standing"][place]]

    taken, standing = on(shown()["widget"], "26", "M2")
    assert taken != NEWEST and standing["met"] == [LINEAR] and standing["said"] == "1 known to be wrong, 0 likely"
    assert on(shown()["widget"], "15", "M2") == on(files[f"api/advice/{NEWEST}.json"], "15", "M2")


@pytest.fixture(scope="module")
def advised_of():
    """What the page of a bug says to do, and what the form of the home page says of its fix, with one run of it."""

    def with_run(slug: str, torch: str, **where) -> tuple[str, str | None]:
        bug = catalogue.find(slug)
        run = planted.runs(planted.run(planted.record(bug, "wrong", "wrong"), torch=torch, macos="26.1", **where))
        inputs = Inputs((bug,), **({"runs": run} if where.get("by_ci", True) else {"unverified": run}))
        [entry] = inputs.known
        said = bug_page.page(entry, {}).partition("## What to do")[2].partition("```")[0]
        place = next(n for n, one in enumerate(releases.load()) if one.version == "2.8.0")
        [mine] = json.loads(home_page.affected(inputs.known, place))["affected"]
        return said.partition("\n\n")[2].strip(), mine["fixed"]

    return with_run


@pytest.mark.parametrize(
    ("torch", "where", "since"),
    [
        ("2.8.0", {}, "2.9.0"),
        ("2.9.0", {}, "2.9.1"),
        (NEWEST, {}, None),
        ("9.9.0", {}, None),  # no file knows it
        (NEWEST, {"virtual": True}, "2.9.0"),
        (NEWEST, {"by_ci": False}, "2.9.0"),
    ],
)
def test_the_page_of_a_bug_advises_no_release_in_which_a_run_says_wrong(advised_of, torch, where, since):
    said, fixed = advised_of(LINEAR, torch, **where)
    assert fixed == since
    against = f"2.9.0 has the fix, says a source; runs on Macs say wrong in {torch}."
    if since == "2.9.0":
        assert said == "Use PyTorch 2.9.0 or newer. Where you cannot:"
    elif since:
        assert said == f"Use PyTorch {since} or newer. {against} Where you cannot:"
    else:
        assert said == f"No release is known to be right. {against} Until then:"


def test_a_bug_of_builds_and_one_that_is_older_than_the_list_are_advised_by_their_fix(files):
    for slug, said in {
        "stack-bool-false": "Use PyTorch 1.13.0 or newer.",
        "pin-memory-recycled-buffer": "Use PyTorch 2.14.0 or newer.",
    }.items():
        assert said in files[f"bugs/{slug}.md"].partition("## What to do")[2]
