import pytest

from mpscheck.lint import threads

from .conftest import good_source, with_field


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("also", '["pytorch/pytorch#161640"]', "also names pytorch/pytorch#161640 although it is named already"),
        ("also", '["pytorch/pytorch#161641"]', "also names pytorch/pytorch#161641 although it is named already"),
        ("reported", '[{"thread": "a/b#1", "date": "2025-09-31"}]', "date '2025-09-31' is no day"),
        ("reported", None, "basis.seen is a thread, but reported is empty"),
    ],
)
def test_fires(problem, name, value, says):
    assert says in problem(threads, with_field(good_source(), name, value))


def test_rows_too(problem_of_row):
    assert "is named already" in problem_of_row(threads, also=["pytorch/pytorch#190053"])
