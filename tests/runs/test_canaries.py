"""Known-good calls: right on healthy devices, about no known bug of torch, and what follows where one is wrong.

A sick machine is an emulated device that is sick all the time, not for one snippet alone.
"""

import json

import pytest

from mpscheck.bugs import catalogue
from mpscheck.emulation import faults
from mpscheck.known import entry, evidence, measured
from mpscheck.runs import canaries, fitness, results, selftest
from mpscheck.site import cells, words
from mpscheck.site.pages import bug as bug_page
from mpscheck.site.pages import matrix as matrix_page
from mpscheck.site.pages import results as results_page

MACHINES_OWN = {  # pytorch#192934, #188438, #178754
    *("linear-3d-bias-virtual-m1", "linear-bias-dropped-vector-shape-macos26", "linear-amd-rdna2"),
}
LOSES_BIAS = faults.fault(
    "loses-bias",
    op=["linear"],
    when=["input.ndim == 3", "bias.ndim >= 1"],
    effect=lambda call, run: run(call.args | {"bias": None}),
)


def broken(op):
    return faults.fault(f"broken-{op}", op=[op], effect=lambda call, run: run(call.args) * 1.5)


def made(fault, after=0):
    """The canaries on a device that is sick with a fault, as a run holds them."""
    with faults.only(fault):
        return [canary | {"after": after} for canary in canaries.run_canaries("emu")]


def failing(found):
    return {canary["name"] for canary in found if fitness.failure(canary)}


@pytest.fixture
def sick_run(mac_run):
    """The run of a made-up Mac, with these canaries after its last record."""

    def run(fault):
        calls = [c for c in mac_run["canaries"] if c["after"] == 0] + made(fault, len(mac_run["records"]))
        return results.check(mac_run | {"canaries": calls}, "sick")

    return run


@pytest.mark.parametrize("mode", ["1", "honest"])
def test_all_agree_on_a_healthy_device(python, mode):
    code = (
        "import json; from mpscheck.runs import canaries, fitness; found = canaries.run_canaries('emu'); "
        "print(json.dumps([fitness.how_failed(one['attempt']) for one in found]))"
    )
    said = python("-c", code, MPSCHECK_EMU=mode)
    assert json.loads(said.stdout) == [None] * len(canaries.NAMES), said.stderr


def test_no_known_bug_of_torch_is_about_a_canary():
    """Else a check of that bug would never have a verdict on an affected release; memory that grows leaves them right."""
    matched = {
        bug.slug
        for bug in catalogue.all_bugs()
        for canary in canaries.TABLE.values()
        if bug.triggers
        and bug.kind != "memory"
        and selftest.matches_of(bug.triggers, "emu", canary.compute, canary.inputs())
    }
    assert matched == MACHINES_OWN


def test_a_machine_that_loses_a_bias_cannot_judge_linear_and_can_judge_the_rest(linear, sick_run):
    run = sick_run(LOSES_BIAS)
    assert failing(run["canaries"]) == {"linear-3d-bias"}
    other = catalogue.find("rand-5d-batches-identical")
    for bug, word in ((linear, "not-separable"), (other, "wrong")):
        [found] = measured.index([bug], {"mac": run}).of(bug.slug)
        assert found.verdict() == word and found.measured is (word == "wrong")
        assert ("measured" in evidence.kinds_of(bug, measured.index([bug], {"mac": run}), {})) is (word == "wrong")


@pytest.mark.parametrize("op", ["add", "copy", "sin"])
def test_a_machine_that_cannot_add_or_copy_gives_no_verdict(linear, mac_run, sick_run, op):
    assert [m.verdict() for m in measured.index([linear], {"mac": mac_run}).of(linear.slug)] == ["wrong"]
    run = sick_run(broken(op))
    for bug in (linear, catalogue.find("rand-5d-batches-identical")):
        [found] = measured.index([bug], {"mac": run}).of(bug.slug)
        assert found.verdict() == found.verdict("control") == "unfit" and not found.measured


@pytest.mark.parametrize("after", [0, 1])
def test_it_counts_whenever_it_was(mac_run, after):
    mac_run["canaries"] += made(broken("add"), after)
    assert "add two tensors" in fitness.fitness(mac_run).unfit


@pytest.mark.parametrize(("missing", "when"), [(0, "before its first"), (2, "after its last")])
def test_a_run_on_mps_whose_machine_nobody_looked_at_is_unfit(mac_run, emulated_run, missing, when):
    assert fitness.fitness(mac_run).unfit is None
    mac_run["canaries"] = [canary for canary in mac_run["canaries"] if canary["after"] != missing]
    assert when in fitness.fitness(mac_run).unfit
    assert fitness.fitness(emulated_run | {"canaries": []}).unfit is None  # software needs no canaries


def test_a_failing_canary_that_is_not_known_here_is_the_machines(mac_run):
    failed = {"outcome": "crash", "reason": "the process ended: killed by SIGSEGV", "before": [], "functions": {}}
    mac_run["canaries"].append({"name": "from-a-newer-version", "after": 1, "attempt": failed})
    assert "from-a-newer-version: crash" in fitness.fitness(mac_run).unfit


def test_an_op_that_torch_lacks_is_said_by_its_check_and_not_by_its_canary(linear, mac_run):
    lacking = {"outcome": "unsupported", "reason": "no kernel", "before": [], "functions": {}}
    mac_run["canaries"].append({"name": "matmul", "after": 1, "attempt": lacking})
    assert [m.verdict() for m in measured.index([linear], {"mac": mac_run}).of(linear.slug)] == ["wrong"]
    mac_run["canaries"].append({"name": "add", "after": 1, "attempt": lacking})
    assert [m.verdict() for m in measured.index([linear], {"mac": mac_run}).of(linear.slug)] == ["unfit"]


def entry_of(bug, run) -> entry.Entry:
    [found] = entry.entries((bug,), (), measured.index([bug], {"mac": run}), {})
    return found


def test_the_pages_say_in_words_that_nothing_counts(linear, sick_run):
    run = sick_run(broken("add"))
    section, page = results_page.run_section("mac", run, (linear,)), bug_page.page(entry_of(linear, run), {})
    assert "so no result of this run counts" in section and "add two tensors" in section
    assert words.verdict("unfit") in section and words.verdict("unfit") in page
    for said in (section, page.partition("## Evidence")[2].partition("## What goes wrong")[0]):
        assert "error ratio" not in said.partition("**declared**")[0] and "not as expected" not in said


def test_the_pages_say_which_call_made_a_verdict_impossible(linear, sick_run):
    run = sick_run(LOSES_BIAS)
    run["canaries"] += made(LOSES_BIAS, 1)  # it fails each time, and is said once
    assert len(fitness.fitness(run).said) == 1
    section, page = results_page.run_section("mac", run, (linear,)), bug_page.page(entry_of(linear, run), {})
    for said in (section, page):
        assert "not separable" in said and "F.linear, 3-D input, bias" in said
    entries = [entry_of(linear, run)]
    found = matrix_page.page(
        "strides", entries, cells.grid(entries, entry.every_release(entries), cells.macos(entries)), []
    )
    assert "not separable" in found


def test_ops_are_read_from_trigger_and_code(linear):
    assert {"linear", "matmul"} <= fitness.ops_of(linear)
    assert "erfc" not in fitness.ops_of(catalogue.find("rand-5d-batches-identical"))  # of its p_value, on the CPU


def test_every_op_canary_stands_for_something_that_a_bug_is_about():
    named = frozenset().union(*map(fitness.ops_of, catalogue.all_bugs()))
    assert [canary.name for canary in canaries.OPS if not named & set(canary.stands_for)] == []
