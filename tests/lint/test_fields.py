import pytest

from mpscheck.lint import fields

from .conftest import good_source, with_field


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("issue", "161640", "issue = 161640: expected a text in quotes"),
        ("fixed_pr", '" "', "fixed_pr = ' ': expected a text in quotes"),
        ("met_in", "[]", "leave it out if there are none"),
        ("chips", "[1]", "chips = [1]: expected a list of texts"),
        ("fresh", "false", "fresh = False: expected true"),
        ("basis", '"thread"', "expected a table with seen, fixed"),
        ("basis", '{ seen = "thread" }', "basis lacks fixed"),
        ("introduced", '{ version = 2.8, basis = "wheel" }', "introduced: version = 2.8: expected a text in quotes"),
        ("introduced", '{ version = "2.8", basis = "wheel", by = "x" }', "introduced does not know by"),
        ("reported", "[]", "expected a list of tables"),
        ("reported", '["a thread"]', "reported = 'a thread': expected a table"),
        ("reported", '[{ thread = "a/b#1" }]', "reported lacks date"),
        ("reported", '[{ thread = "a/b#1", date = 2025-09-17 }]', "date = datetime.date(2025, 9, 17): expected a text"),
        ("reported", '[{ thread = "a/b#1", date = "2025-09-17", figures = 3.4 }]', "figures = 3.4: expected a table"),
    ],
)
def test_fires(problem, name, value, says):
    assert says in problem(fields, with_field(good_source(), name, value))
