import pytest

from mpscheck.lint import statistics

from .conftest import GOOD_STATISTICAL, good_source, replaced


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("FALSE_ALARM = 1e-9", "RATE = 1e-9", "p_value without FALSE_ALARM"),
        ("FALSE_ALARM = 1e-9", "FALSE_ALARM = 10**-9", "p_value without FALSE_ALARM"),  # not a constant to a reader
        (
            "FALSE_ALARM = 1e-9",
            "FALSE_ALARM = 0.05",
            "FALSE_ALARM = 0.05: expected a probability above 0 and at most 1e-06",
        ),
        ("FALSE_ALARM = 1e-9", "FALSE_ALARM = 0", "FALSE_ALARM = 0: expected a probability"),
        ("FALSE_ALARM = 1e-9", "FALSE_ALARM = 0.0", "FALSE_ALARM = 0.0: expected a probability"),
        ("def p_value(sample)", "def p_value(sample, alarm)", "takes one parameter"),
        ("def p_value(sample)", "def probability(sample)", "FALSE_ALARM without p_value"),
    ],
)
def test_fires(problem, old, new, says):
    good = good_source(GOOD_STATISTICAL)
    assert says in problem(statistics, replaced(good, old, new), good)
