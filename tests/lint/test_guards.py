"""The rule about guards of libraries."""

import dataclasses

import pytest

from mpscheck.bugs import guards as data
from mpscheck.bugs.guards import Guard
from mpscheck.lint import guards

GOOD = Guard(
    "Some", "some/lib", "detour", "in the code", "Copies.", "No reason is given.", "2026-12-01", "x.py", "0" * 40
)


def test_good_rows_pass():
    assert not list(guards.check((GOOD, dataclasses.replace(GOOD, library="Tome"))))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((dataclasses.replace(GOOD, looked_up="2026-02-31"),), "looked_up '2026-02-31' is no day"),
        ((GOOD, GOOD), "stands twice"),
        ((GOOD, dataclasses.replace(GOOD, library="Other")), "comes after Some"),
        ((dataclasses.replace(GOOD, note="seen in /home/me/x.py"),), "is a path of one machine"),
    ],
)
def test_a_bad_row_is_named(rows, said):
    (problem,) = guards.check(rows)
    assert said in problem


def test_the_file_of_the_catalogue_passes():
    assert not list(guards.check(data.load()))
