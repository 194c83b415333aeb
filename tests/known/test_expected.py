"""A run is held against what is said and against the run before it on the same runner, never against itself."""

import dataclasses

import planted
import pytest
from packaging.specifiers import SpecifierSet

from mpscheck.known import measured
from mpscheck.known.expected import expected_on, is_surprise


@pytest.fixture
def bug(linear):
    return dataclasses.replace(linear, macos=None)


def run(bug, *attempts, date="2026-11-20", runner="macos15", **where):
    return planted.run(planted.record(bug, *attempts), date=date, runner=runner, **where)


def expected(bug, now, *earlier):
    return expected_on(bug, now["provenance"], measured.index([bug], planted.runs(*earlier)))


def test_a_run_is_not_held_against_itself(bug):
    now = run(bug, "wrong", "wrong", torch="2.9.0")
    alone = expected(bug, now, now)
    assert (alone.said, alone.before) == ("not affected", "unknown")
    assert alone.is_surprise("wrong"), "the contradiction is a surprise, also when the run is published already"


def test_a_run_is_held_against_the_one_before_on_the_same_runner(bug):
    unsaid = dataclasses.replace(bug, affected=SpecifierSet(""), introduced=None)
    now = run(unsaid, "right", torch="2.10.0", date="2026-11-22")
    before = run(unsaid, "wrong", "wrong", torch="2.10.0")
    found = expected(unsaid, now, before, now)
    assert (found.said, found.before) == ("unknown", "affected") and found.is_surprise("agrees")
    assert found.words == "unknown; affected in the run before"
    for other in ({"runner": "macos26"}, {"torch": "2.9.0"}, {"date": "2026-11-23"}):
        changed = run(unsaid, "wrong", "wrong", **({"torch": "2.10.0"} | other))
        assert expected(unsaid, now, changed).before == "unknown", other


def test_the_run_before_was_on_the_same_minor_version_of_macos_where_the_claim_tells_them_apart(bug):
    """The image of a runner got newer, and with it the fix came: that is no surprise."""
    unsaid = dataclasses.replace(bug, affected=SpecifierSet(""), introduced=None)
    before = run(unsaid, "wrong", "wrong", runner="macos26", macos="26.3")
    now = run(unsaid, "right", date="2026-11-22", runner="macos26", macos="26.4.1")
    assert expected(unsaid, now, before).is_surprise("agrees")
    tied = dataclasses.replace(unsaid, macos=SpecifierSet("<26.4"))
    assert expected(tied, now, before).before == "unknown" and not expected(tied, now, before).is_surprise("agrees")
    again = run(unsaid, "right", date="2026-11-22", runner="macos26", macos="26.3.2")
    assert expected(tied, again, before).before == "affected"


def test_runs_by_hand_have_no_run_before(bug):
    now = run(bug, "right", date="2026-11-22", runner=None)
    assert expected(bug, now, run(bug, "wrong", "wrong", runner=None)).before == "unknown"


def test_the_newest_run_before_counts_and_one_that_could_not_run_does_not(bug):
    now = run(bug, "right", date="2026-11-25")
    older = [run(bug, "wrong", "wrong"), run(bug, "right", date="2026-11-21"), run(bug, "crash", date="2026-11-22")]
    found = expected(bug, now, *older)
    assert (found.said, found.before) == ("affected", "not affected")


def test_a_claim_is_about_mps_and_about_the_chips_that_it_names(bug):
    now = run(bug, "right")
    tied = dataclasses.replace(bug, chips=("M4",))
    assert expected(tied, now).said == "unknown"
    now["provenance"]["device"] = "cuda"
    assert expected(tied, now).said == "not affected"


@pytest.mark.parametrize(
    ("found", "said", "kind", "surprise"),
    [
        ("agrees", "affected", "wrong", True),
        ("wrong", "not affected", "wrong", True),
        ("unsupported", "not affected", "wrong", False),
        ("crash", "affected", "crash", False),
        ("not-run", "affected", "wrong", False),
        ("wrong", "unknown", "wrong", False),
    ],
)
def test_a_surprise_is_strict_both_ways(found, said, kind, surprise):
    assert is_surprise(found, said, kind) is surprise


def test_a_control_that_is_wrong_is_looked_at_again_and_is_no_surprise(bug):
    """It may be the doing of others in the same process."""
    for torch in ("2.8.0", "2.9.0"):
        found = expected(bug, run(bug, "right", torch=torch))
        assert found.is_doubtful("not-separable") and not found.is_surprise("not-separable")
