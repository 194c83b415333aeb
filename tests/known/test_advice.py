"""Which PyTorch to take: what a run must change of it, and what it must not."""

import planted
import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import advice, exposure, measured, said, uses
from mpscheck.known.advice import Mac
from mpscheck.known.exposure import RELEASES
from mpscheck.runs import emulated

CERTAIN = "linear-noncontiguous-weight"  # recorded calls meet it in each use; said: 2.8.0, macOS 15 and newer, mended in 2.9.0
NEWEST = RELEASES[-1]
MAC = Mac("26", "M2")
EVERY = [use.name for use in uses.OF_ADVICE]


@pytest.fixture(scope="module")
def stored():
    return exposure.read(), emulated.read("recordings")


@pytest.fixture(scope="module")
def advised(stored):
    """What is advised with these runs of ours, and of others."""

    bugs = catalogue.all_bugs()
    empty = advice.Advice(bugs, *stored)

    def with_runs(*runs, theirs=()) -> advice.Advice:
        if not runs and not theirs:
            return empty
        index = measured.index(bugs, planted.runs(*runs), {f"theirs-{n}": run for n, run in enumerate(theirs)})
        return advice.Advice(bugs, *stored, index)

    return with_runs


def seen(slug, *found, torch=NEWEST, **where):
    return planted.run(planted.record(catalogue.find(slug), *found), torch=torch, **{"macos": "26.1", **where})


def test_without_a_run_no_use_is_sent_to_a_release_with_a_bug_that_it_meets(advised):
    now = advised()
    for use in EVERY:
        best = now.take(use, MAC)
        assert not best.accused and not best.certain
        assert best.unknown, "nothing clears a release"
    assert now.on_macs == 0


def test_what_nobody_has_looked_at_does_not_win(advised):
    """2.0.0 has few bugs that are known of it, and many that a later release mended."""
    for use in EVERY:
        assert RELEASES.index(advised().take(use, MAC).release) > RELEASES.index("2.13.0")
        oldest = advised().standing("2.0.0", use, MAC)
        assert oldest.cost > advised().standing("2.13.0", use, MAC).cost and oldest.near


def test_wrong_twice_on_a_real_mac_moves_the_advice_there_and_nowhere_else(advised):
    before, now = advised(), advised(seen(CERTAIN, "wrong", "wrong"))
    for use in ("forward", "cache", "patching", "backward", "training"):
        assert before.take(use, MAC).release == NEWEST
        there = now.standing(NEWEST, use, MAC)
        assert there.affected == (CERTAIN,) and there.measured == (CERTAIN,)
        assert now.take(use, MAC).release != NEWEST
        assert now.take(use, Mac("15", "M2")) == before.take(use, Mac("15", "M2"))
        assert now.take(use).release != NEWEST, "any Mac: that one is among them"
    assert now.right_since(CERTAIN) is None and now.wrong_in(CERTAIN)[-1] == NEWEST
    assert before.right_since(CERTAIN) == "2.9.0" and before.wrong_in(CERTAIN) == ["2.8.0"]


def test_right_on_a_real_mac_settles_what_was_unknown(advised):
    """The same check was seen wrong on a real GPU in another release, so that agreeing says something."""
    slug = "uint8-sum-saturates"
    before = advised()
    use = next(use for use in EVERY if slug in before.meets(use))
    proof = seen(slug, "wrong", "wrong", torch="2.13.0")
    now = advised(proof, seen(slug, "right"))
    old, new = before.standing(NEWEST, use, MAC), now.standing(NEWEST, use, MAC)
    assert slug in (*old.likely, *old.near, *old.unknown)
    assert slug not in (*new.accused, *new.likely, *new.near, *new.unknown) and slug in new.measured
    assert new.cost < old.cost
    assert advised(seen(slug, "right")).standing(NEWEST, use, MAC).cost == old.cost, "right alone proves nothing"


def test_a_release_between_two_that_were_measured_wrong_does_not_win_by_not_being_measured(advised):
    """Nothing is said of any version of this bug; a release where nobody measured is no better than those on both sides."""
    slug = "uint8-sum-saturates"
    use = next(use for use in EVERY if slug in advised().meets(use))
    now = advised(*(seen(slug, "wrong", "wrong", torch=torch) for torch in ("2.13.0", "2.15.0")))
    assert slug in now.standing("2.14.1", use, MAC).near and slug in now.standing("2.12.1", use, MAC).near
    assert now.take(use, MAC).release == NEWEST
    proof = seen(slug, "wrong", "wrong", torch="2.12.0")
    mended = advised(proof, seen(slug, "right", torch="2.13.0"))
    assert slug not in (*mended.standing("2.14.1", use, MAC).near, *mended.standing("2.13.0", use, MAC).near)


@pytest.mark.parametrize("found", [("wrong", "wrong"), ("right",), ("wrong",)])
def test_a_virtual_gpu_changes_no_advice(advised, found):
    virtual = seen(CERTAIN, *found, virtual=True)
    for use in EVERY:
        for mac in (Mac(), MAC, Mac("26")):
            assert advised(virtual).ranked(use, mac) == advised().ranked(use, mac)


def test_an_unverified_run_changes_no_advice_and_is_named(advised):
    theirs = seen(CERTAIN, "wrong", "wrong", by_ci=False)
    before, now = advised(), advised(theirs=[theirs])
    for use in EVERY:
        assert now.take(use, MAC).release == before.take(use, MAC).release
        assert now.take(use, MAC).cost == before.take(use, MAC).cost
    assert now.take("forward", MAC).claimed == (CERTAIN,) and before.take("forward", MAC).claimed == ()
    assert now.right_since(CERTAIN) == "2.9.0"


def test_the_most_dangerous_come_first_then_the_nearest_to_affected(advised):
    now = advised()
    for use in EVERY:
        ranks = [
            (now.bugs[slug].danger or 1000, list(said.SHADES).index(now.answer(slug, NEWEST, MAC).shade))
            for slug in now.take(use, MAC).unknown
            if not now.bugs[slug].chips
        ]
        assert ranks == sorted(ranks) and len(set(ranks)) > 1


def test_what_is_tied_to_chips_that_were_not_asked_for_comes_last(advised):
    """Nobody with an M3 is to be sent first to a bug of an AMD card, or of the M1 of a hosted Mac."""
    now, amd, virtual = advised(), "linear-amd-rdna2", "linear-3d-bias-virtual-m1"
    for mac in (Mac(), Mac("26"), Mac("26", "M3")):
        unknown = now.take("forward", mac).unknown
        tied = [bool(now.bugs[slug].chips) and mac.chip not in now.bugs[slug].chips for slug in unknown]
        assert tied == sorted(tied) and {amd, virtual} <= set(unknown[tied.index(True) :])
    asked = now.take("forward", Mac("26", "AMD RDNA2")).unknown
    assert asked.index(amd) < now.take("forward", Mac("26", "M3")).unknown.index(amd)


def test_a_use_of_half_types_counts_what_is_about_half_types(advised):
    now = advised()
    judged = {slug for slug, how in now.meets("half").items() if how == advice.JUDGED}
    assert "sdpa-causal-leak-half" in now.meets("half")
    assert judged and all(uses.names_half(now.bugs[slug]) for slug in judged)


def test_an_optimizer_is_met_in_training_alone(advised):
    now = advised()
    mine = {slug for slug, bug in now.bugs.items() if bug.family == "optimizer"} & set(now.meets("training"))
    assert mine
    assert not any(mine & set(now.meets(use)) for use in EVERY if use != "training")
