"""What others published: the rule about it, on rows of one file."""

import dataclasses

import pytest

from mpscheck.bugs import catalogue
from mpscheck.bugs.figures import Figure
from mpscheck.lint import figures

GOOD = Figure(
    what="softmax of a slice", quantity="value", cpu="1", mps="0", source="a/b#1", date="2025-09-17", verdict="wrong"
)


def test_good_rows_pass():
    assert not list(figures.problems((GOOD, dataclasses.replace(GOOD, mps="2"))))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((dataclasses.replace(GOOD, date="2025-02-30"),), "line 1: date '2025-02-30' is no day"),
        ((GOOD, GOOD), "line 2 stands twice"),
        ((dataclasses.replace(GOOD, mps="1"),), "cpu and mps are both '1', yet the verdict is wrong"),
        ((dataclasses.replace(GOOD, what="run by /home/me/x.py"),), "is a path of one machine"),
    ],
)
def test_a_bad_row_is_named(rows, said):
    (problem,) = figures.problems(rows)
    assert said in problem


def test_every_file_of_the_catalogue_passes():
    assert not [problem for bug in catalogue.all_bugs() for problem in figures.check(bug)]
