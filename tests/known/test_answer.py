"""The one function that says what is known of a bug on a set-up: each rule by its name, on made-up runs."""

import dataclasses

import planted
import pytest
from packaging.specifiers import SpecifierSet

from mpscheck.known import measured
from mpscheck.known.answer import answer
from mpscheck.known.setups import Setup
from mpscheck.runs import canaries

REAL_15 = Setup("2.8.0", "15", virtual=False)


@pytest.fixture
def bug(linear):
    """Said: affected from 2.8 up to the fix in 2.9, the wheel of 2.8 was the first; on any macOS, to keep cases short."""
    return dataclasses.replace(linear, macos=None)


def known(bug, setup, *runs, unverified=()):
    index = measured.index([bug], planted.runs(*runs), {f"theirs-{n}": run for n, run in enumerate(unverified)})
    return answer(bug, setup, index)


def unsaid(bug):
    """The same bug, of which no source says a version."""
    nothing = {"seen": "unknown", "fixed": "unknown"}
    return dataclasses.replace(bug, affected=SpecifierSet(""), introduced=None, basis=nothing)


def wrong(bug, **where):
    return planted.run(planted.record(bug, "wrong", "wrong"), **where)


def right(bug, **where):
    return planted.run(planted.record(bug, "right"), **where)


# ---- without a run


def test_without_a_run_a_source_decides(bug):
    states = {torch: known(bug, Setup(torch)) for torch in ("2.7.1", "2.8.0", "2.9.0")}
    assert [one.state for one in states.values()] == ["not affected", "affected", "not affected"]
    assert [one.basis for one in states.values()] == ["declared", "thread", "thread"]
    assert all(one.found == "" for one in states.values())


def test_where_no_source_says_anything_it_is_unknown(bug):
    assert (known(unsaid(bug), Setup("2.8.0")).state, known(unsaid(bug), Setup("2.8.0")).basis) == (
        "unknown",
        "nothing",
    )


# ---- wrong


def test_wrong_again_in_a_fresh_process_is_affected(bug):
    found = known(unsaid(bug), REAL_15, wrong(bug))
    assert (found.state, found.basis, found.found, found.date) == ("affected", "measured", "wrong", "2026-11-20")
    assert found.where == (REAL_15,) and found.rests_on[0].run == "run-0"


@pytest.mark.parametrize("attempts", [("wrong",), ("wrong", "right"), ("right", "wrong", "right")])
def test_wrong_once_only_is_said_and_overrules_nothing(bug, attempts):
    once = planted.run(planted.record(bug, *attempts), torch="2.9.0")
    found = known(bug, Setup("2.9.0", "15", False), once)
    assert (found.state, found.basis, found.found) == ("not affected", "thread", "wrong once")
    assert "not confirmed" in found.words


# ---- right


def test_right_is_not_affected_only_if_the_same_code_was_seen_wrong(bug):
    setup, nothing_said = Setup("2.10.0", "15", False), unsaid(bug)
    alone = known(nothing_said, setup, right(bug, torch="2.10.0"))
    assert (alone.state, alone.found) == (
        "unknown",
        "right",
    ) and "this check agreed on macOS 15, a real GPU" in alone.words
    proven = known(nothing_said, setup, right(bug, torch="2.10.0"), wrong(bug, torch="2.8.0"))
    assert (proven.state, proven.basis, proven.found) == ("not affected", "measured", "right")


def test_older_code_that_caught_it_proves_nothing(bug):
    old = planted.run(planted.record(bug, "wrong", "wrong", code="0" * 16), torch="2.8.0")
    assert known(unsaid(bug), Setup("2.10.0", "15", False), right(bug, torch="2.10.0"), old).state == "unknown"


def test_caught_on_a_virtual_gpu_proves_nothing_of_a_real_one(bug):
    there = (right(bug, torch="2.10.0", virtual=False), wrong(bug, torch="2.8.0", virtual=True))
    assert known(unsaid(bug), Setup("2.10.0", "15", False), *there).state == "unknown"


def test_right_does_not_clear_a_claim_with_a_rate(bug):
    rare = dataclasses.replace(unsaid(bug), check=dataclasses.replace(bug.check, rate=0.5))
    there = (right(bug, torch="2.10.0"), wrong(bug, torch="2.8.0"))
    assert known(rare, Setup("2.10.0", "15", False), *there).state == "unknown"


def test_right_that_settles_nothing_leaves_what_is_said(bug):
    found = known(bug, REAL_15, right(bug))
    assert (found.state, found.basis, found.found) == ("affected", "thread", "right")


def test_right_on_a_virtual_gpu_never_settles_a_real_chip(bug):
    there = (right(bug, torch="2.10.0", virtual=True), wrong(bug, torch="2.8.0", virtual=True))
    nothing_said = unsaid(bug)
    assert known(nothing_said, Setup("2.10.0", "15", True), *there).state == "not affected"
    assert known(nothing_said, Setup("2.10.0", "15", False), *there).state == "unknown"
    assert known(nothing_said, Setup("2.10.0", "15"), *there).state == "unknown"


def test_a_gpu_that_may_be_virtual_settles_neither(bug):
    there = (right(bug, torch="2.10.0", virtual=None), wrong(bug, torch="2.8.0", virtual=None))
    states = {known(unsaid(bug), Setup("2.10.0", "15", kind), *there).state for kind in (True, False)}
    assert states == {"unknown"}


# ---- the key of a set-up


def test_a_run_says_nothing_of_another_release_macos_or_kind_of_gpu(bug):
    nothing_said, there = unsaid(bug), wrong(bug)
    for other in (Setup("2.8.1", "15", False), Setup("2.8.0", "26", False), Setup("2.8.0", "15", True)):
        assert known(nothing_said, other, there).state == "unknown"
    assert known(nothing_said, Setup("2.8.0", "15"), there).state == "affected"


def test_minor_versions_of_macos_are_one_set_up_unless_the_claim_tells_them_apart(bug):
    nothing_said, there = unsaid(bug), wrong(bug, macos="15.1")
    assert known(nothing_said, Setup("2.8.0", "15.6", False), there).state == "affected"
    tied = dataclasses.replace(nothing_said, macos=SpecifierSet("<15.2"))
    assert known(tied, Setup("2.8.0", "15.6", False), there).state == "unknown"
    assert known(tied, Setup("2.8.0", "15.1", False), there).state == "affected"


def test_minor_versions_that_the_claim_tells_apart_neither_disagree_nor_clear_one_another(bug):
    """Wrong on 26.3, right on 26.4: each is known by itself, and of macOS 26 somebody says wrong."""
    tied = dataclasses.replace(unsaid(bug), macos=SpecifierSet(">=15,<26.4"))
    there = (wrong(bug, torch="2.10.0", macos="26.3.1"), right(bug, torch="2.10.0", macos="26.4.1"))
    states = {
        macos: known(tied, Setup("2.10.0", macos, False), *there).state
        for macos in ("26.3", "26.3.1", "26.4", "26.4.2", "26.5", "26", "15", None)
    }
    assert states == {
        "26.3": "affected", "26.3.1": "affected", "26.4": "not affected", "26.4.2": "not affected", "26.5": "unknown",
        "26": "affected", "15": "unknown", None: "affected",
    }  # fmt: skip
    wide = dataclasses.replace(tied, macos=SpecifierSet(">=15"))
    assert known(wide, Setup("2.10.0", "26.4", False), *there).state == "disagreement"


def test_a_claim_may_tell_the_third_part_of_a_version_apart(bug):
    tied = dataclasses.replace(unsaid(bug), macos=SpecifierSet("==13.2.1"))
    there = (wrong(bug, torch="2.10.0", macos="13.2.1"), right(bug, torch="2.10.0", macos="13.2.2"))
    states = {macos: known(tied, Setup("2.10.0", macos, False), *there).state for macos in ("13.2.1", "13.2.2", "13.3")}
    assert states == {"13.2.1": "affected", "13.2.2": "not affected", "13.3": "unknown"}
    said = dataclasses.replace(bug, macos=SpecifierSet("==13.2.1"))
    assert known(said, Setup("2.8.0", "13.2.1", False), wrong(bug, macos="13.2.1")).said.state == "affected"
    found = known(said, Setup("2.8.0", "13.2.2", False), right(bug, macos="13.2.2"), wrong(bug, torch="2.9.0"))
    assert (found.state, found.basis) == ("not affected", "measured"), "no source speaks of that macOS"


def test_a_chip_is_part_of_the_set_up_where_the_claim_names_chips(bug):
    nothing_said, there = unsaid(bug), wrong(bug)  # planted on an M2
    assert known(nothing_said, Setup("2.8.0", "15", False, "M4"), there).state == "affected"
    tied = dataclasses.replace(nothing_said, chips=("M1", "M2"))
    assert known(tied, Setup("2.8.0", "15", False, "M4"), there).state == "unknown"
    assert known(tied, Setup("2.8.0", "15", False, "M2"), there).state == "affected"


def test_a_chip_that_is_named_is_one_that_can_be_touched(bug):
    """What only a virtual GPU shows accuses no Mac that a reader names."""
    nothing_said, there = unsaid(bug), wrong(bug, virtual=True)
    assert known(nothing_said, Setup("2.8.0", "15"), there).state == "affected"
    assert known(nothing_said, Setup("2.8.0", "15", chip="M4"), there).state == "unknown"


def test_asked_for_any_macos_one_that_is_accused_speaks_and_one_that_is_cleared_does_not(bug):
    nothing_said = unsaid(bug)
    there = (right(bug, torch="2.10.0", macos="15.6"), wrong(bug, torch="2.8.0"))
    assert known(nothing_said, Setup("2.10.0"), *there).state == "unknown"
    also = wrong(bug, torch="2.10.0", macos="26.1")
    found = known(nothing_said, Setup("2.10.0"), *there, also)
    assert found.state == "affected" and found.where == (Setup("2.10.0", "26", False),)


# ---- runs against each other, and against what is said


def test_runs_that_disagree_are_a_disagreement(bug):
    found = known(bug, REAL_15, wrong(bug), right(bug, date="2026-11-21"), right(bug, date="2026-11-22"))
    assert (found.state, found.found) == ("disagreement", "runs disagree")
    assert [m.day for m in found.rests_on] == ["2026-11-22", "2026-11-21", "2026-11-20"]


def test_wrong_where_a_source_says_right_is_a_contradiction(bug):
    found = known(bug, Setup("2.9.0", "15", False), wrong(bug, torch="2.9.0"))
    assert (found.state, found.basis, found.said.state, found.proposed) == (
        "contradiction",
        "measured",
        "not affected",
        "affected",
    )
    assert found.words == ("contradiction: affected in our runs on macOS 15, a real GPU, not affected says a thread")


def test_right_where_a_source_says_affected_is_a_contradiction_once_it_counts(bug):
    wide = dataclasses.replace(bug, affected=SpecifierSet(">=2.8,<2.11"))
    there = right(bug, torch="2.10.0")
    assert known(wide, Setup("2.10.0", "15", False), there).state == "affected"
    found = known(wide, Setup("2.10.0", "15", False), there, wrong(bug))
    assert (found.state, found.proposed, found.accused) == ("contradiction", "not affected", True)


def test_a_contradiction_ends_where_the_range_is_changed(bug):
    settled = dataclasses.replace(bug, affected=SpecifierSet(">=2.8,<2.10"), basis=bug.basis | {"fixed": "measured"})
    found = known(settled, Setup("2.9.0", "15", False), wrong(bug, torch="2.9.0"))
    assert (found.state, found.basis) == ("affected", "measured")


# ---- what says neither


@pytest.mark.parametrize(
    "outcome", ["crash", "hang", "memory", "gpu-fault", "unsupported", "error", "unfit", "not-run"]
)
def test_what_could_not_run_is_said_with_reason_and_date(bug, outcome):
    found = known(bug, REAL_15, planted.run(planted.record(bug, outcome)))
    assert (found.state, found.basis, found.found, found.date) == ("affected", "thread", outcome, "2026-11-20")
    assert found.could_not == f"could not run: {outcome} (it ended in {outcome})"


def test_a_run_of_older_code_says_nothing_of_now(bug):
    old = planted.run(planted.record(bug, "wrong", "wrong", code="0" * 16), torch="2.9.0")
    found = known(bug, Setup("2.9.0", "15", False), old)
    assert (found.state, found.found, found.could_not) == (
        "not affected",
        "outdated",
        "the check has changed since it ran there",
    )


def test_a_machine_that_is_unfit_gives_no_verdict(bug):
    found = known(bug, Setup("2.9.0", "15", False), wrong(bug, torch="2.9.0", machine="wrong"))
    assert (found.state, found.found) == ("not affected", "unfit") and "known to be right" in found.could_not


def test_a_bug_that_the_machine_cannot_tell_from_its_own_fault_gets_no_verdict(bug):
    """A known-good call of the same op is wrong on the machine: another bug of it still has a verdict."""
    run = wrong(bug, torch="2.9.0")
    op = next(name for name, one in canaries.TABLE.items() if "linear" in one.stands_for)
    run["canaries"].append({"name": op, "after": 1, "attempt": planted.attempt("wrong")})
    found = known(bug, Setup("2.9.0", "15", False), run)
    assert (found.state, found.found) == ("not affected", "not-separable") and op in found.could_not


@pytest.mark.parametrize(
    "attempts", [("control wrong", "control wrong"), ("control wrong", "wrong"), ("wrong", "control wrong")]
)
def test_a_control_that_is_wrong_too_gives_no_verdict(bug, attempts):
    """Neither a contradiction nor wrong, and no proof that the check catches the fault."""
    run = planted.run(planted.record(bug, *attempts), torch="2.9.0")
    found = known(bug, Setup("2.9.0", "15", False), run)
    assert (found.state, found.basis, found.found) == ("not affected", "thread", "not-separable")
    assert found.could_not == "no verdict: the control, a call that this bug spares, is wrong too"
    later = right(bug, torch="2.10.0")
    assert known(unsaid(bug), Setup("2.10.0", "15", False), later, run).state == "unknown"


def test_right_is_right_though_another_function_of_the_check_raised(bug):
    run = right(bug, torch="2.10.0")
    run["records"][0]["attempts"][0] |= {"outcome": "error", "reason": "workaround: NotImplementedError: made up"}
    found = known(unsaid(bug), Setup("2.10.0", "15", False), run, wrong(bug))
    assert (found.state, found.basis, found.found) == ("not affected", "measured", "right")


def test_of_several_dtypes_the_worst_speaks(bug):
    both = planted.run(planted.record(bug, "right"), planted.record(bug, "wrong", "wrong", dtype="float16"))
    assert known(unsaid(bug), REAL_15, both).found == "wrong"


def test_another_device_and_a_device_made_sick_say_nothing(bug):
    on_cpu = wrong(bug)
    on_cpu["provenance"]["device"] = "cuda"
    sick = wrong(bug)
    sick["records"][0]["faults"] = [bug.slug]
    assert known(unsaid(bug), REAL_15, on_cpu, sick).found == ""


# ---- whose runs count


def test_a_run_that_the_publishing_job_did_not_bring_is_unverified(bug):
    by_hand = wrong(bug, by_ci=False)
    assert known(unsaid(bug), REAL_15, by_hand).basis == "measured, unverified"
    assert known(unsaid(bug), REAL_15, unverified=[wrong(bug)]).basis == "measured, unverified", (
        "the folder decides too"
    )


def test_an_unverified_run_clears_nothing(bug):
    there = (right(bug, torch="2.10.0", by_ci=False), wrong(bug, torch="2.8.0"))
    assert known(unsaid(bug), Setup("2.10.0", "15", False), *there).state == "unknown"
    forged = [right(bug, torch="2.10.0", by_ci=False), wrong(bug, torch="2.8.0", by_ci=False)]
    assert known(unsaid(bug), Setup("2.10.0", "15", False), unverified=forged).state == "unknown"


def test_neither_ci_nor_an_unverified_run_outvotes_the_other_silently(bug):
    assert known(bug, REAL_15, wrong(bug), unverified=[right(bug, by_ci=False)]).state == "disagreement"
    assert known(bug, REAL_15, right(bug), unverified=[wrong(bug, by_ci=False)]).state == "disagreement"


def test_two_files_of_the_same_name_are_two_runs(bug):
    """The name says where it was measured, and somebody may have measured on just such a machine."""
    index = measured.index([bug], {"same": wrong(bug)}, {"same": right(bug, by_ci=False)})
    assert answer(bug, REAL_15, index).state == "disagreement"


# ---- cost


def test_the_records_are_gone_through_once(bug):
    """However many cells are asked for: after the index is made, no answer looks at a run file."""

    class Counted(list):
        rounds = 0

        def __iter__(self):
            Counted.rounds += 1
            return super().__iter__()

    run = wrong(bug)
    run["records"] = Counted(run["records"])
    index = measured.index([bug], {"run": run})
    for torch in ("2.7.1", "2.8.0", "2.9.0"):
        for macos in (None, "15", "26"):
            answer(bug, Setup(torch, macos), index)
    assert Counted.rounds == 1
