import pytest

from mpscheck.lint import threads

from .conftest import good_source, with_field


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("issue", '"#161640"', "issue '#161640' is no thread: expected owner/repository#number"),
        ("also", '["https://github.com/pytorch/pytorch/issues/162730"]', "is no thread"),
        ("also", '["pytorch/pytorch#161640"]', "also names pytorch/pytorch#161640 although it is named already"),
        ("also", '["a/b#1", "a/b#1"]', "also names a/b#1 although it is named already"),
        ("fixed_pr", '"pytorch/pytorch#0"', "fixed_pr 'pytorch/pytorch#0' is no thread"),
        ("reported", '[{ thread = "1062", date = "2025-09-17" }]', "reported thread '1062' is no thread"),
        ("reported", '[{ thread = "a/b#1", date = "17.9.2025" }]', "date '17.9.2025' is no day"),
        ("reported", '[{ thread = "a/b#1", date = "2025-09-31" }]', "date '2025-09-31' is no day"),
        ("reported", '[{ thread = "a/b#1", date = "20250917" }]', "date '20250917' is no day"),
        ("reported", '[{ thread = "a/b#1", date = "2025-09-17", torch = "nightly" }]', "torch 'nightly' is no version"),
        ("reported", '[{ thread = "a/b#1", date = "2025-09-17", macos = "Sequoia" }]', "macos 'Sequoia' is no version"),
        ("reported", None, "basis.seen is a thread, but reported is empty"),
    ],
)
def test_fires(problem, name, value, says):
    assert says in problem(threads, with_field(good_source(), name, value))
