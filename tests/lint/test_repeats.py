import pytest

from mpscheck.lint import repeats

from .conftest import GOOD_STATISTICAL, good_source, with_field


def with_fields(**fields) -> str:
    source = good_source()
    for name, value in fields.items():
        source = with_field(source, name, repr(value))
    return source


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"repeats": 10}, "without a rate shows in each run"),
        ({"rate": 0.1}, "a rate without repeats"),
        ({"effect": "unwritten(result) in 1 of 5 calls"}, "a rate without repeats"),
        ({"repeats": 20, "rate": 0.1}, "misses a fault in 0.1 of the runs with a chance of 0.12: at least 44 for 0.01"),
        ({"repeats": 4, "effect": "unwritten(result) in 1 of 5 calls"}, "may never be imitated: at least 5"),
    ],
)
def test_fires(problem, fields, says):
    assert says in problem(repeats, with_fields(**fields))


def test_clean(snippet):
    for fields in (
        {"repeats": 44, "rate": 0.1},
        {"repeats": 10, "kind": "nondeterministic"},
        {"repeats": 5, "effect": "unwritten(result) in 1 of 5 calls"},
    ):
        assert list(repeats.check(snippet(with_fields(**fields)))) == []


def test_a_sample_is_not_repeated(problem):
    good = with_field(good_source(GOOD_STATISTICAL), "kind", "'nondeterministic'")
    assert "judged by its p-value" in problem(repeats, with_field(good, "repeats", "10"), good)
