"""The one schema, as a writer of a snippet or of a row meets it."""

import ast

import pytest

from mpscheck import lint
from mpscheck.bugs import schema
from mpscheck.lint import fields

from .conftest import GOOD_ROW, good_source, with_field


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("issue", "161640", "issue = 161640: expected a text in quotes"),
        ("issue", '"#161640"', "(thread)"),
        ("also", '["https://github.com/pytorch/pytorch/issues/162730"]', "also/0 = "),
        ("also", '["a/b#1", "a/b#1"]', "also = "),
        ("fixed_pr", '"pytorch/pytorch#0"', "fixed_pr = 'pytorch/pytorch#0'"),
        ("fixed_pr", "None", "fixed_pr = None: expected a text in quotes"),
        ("met_in", "[]", "met_in = []: expected a list, […]; leave it out if it is empty"),
        ("chips", "[1]", "chips/0 = 1: expected a text"),
        ("fresh", "False", "fresh = False: expected True; leave it out otherwise"),
        ("dtypes", '["float64"]', "dtypes/0 = 'float64': expected one of float32, float16, bfloat16"),
        ("dtypes", "[]", "dtypes = []: expected a list, […]; leave it out if it is empty"),
        ("dtypes", '["float16", "float16"]', "dtypes = "),
        ("repeats", "1", "repeats = 1: "),
        ("repeats", "1001", "repeats = 1001: "),
        ("repeats", "2.5", "repeats = 2.5: expected a whole number"),
        ("rate", "0", "rate = 0: "),
        ("rate", "1", "rate = 1: "),
        ("memory", "0", "memory = 0: "),
        ("memory", "1000000", "memory = 1000000: "),
        ("memory", '"6 GiB"', "memory = '6 GiB': expected a number"),
        ("kind", '"slow"', "kind = 'slow': expected one of wrong, nan"),
        ("family", '"stride"', "family = 'stride': expected one of attention, "),
        ("basis", '"thread"', "basis = 'thread': expected a table"),
        ("basis", '{"seen": "thread"}', "basis lacks fixed: add it"),
        (
            "basis",
            '{"seen": "hearsay", "fixed": "thread"}',
            "basis/seen = 'hearsay': expected one of thread, release notes",
        ),
        ("introduced", '{"version": 2.8, "basis": "wheel"}', "introduced/version = 2.8: expected a text in quotes"),
        ("introduced", '{"version": "two", "basis": "wheel"}', "introduced/version = 'two'"),
        (
            "introduced",
            '{"version": "2.8", "basis": "wheel", "by": "x"}',
            "introduced does not know by: it has version",
        ),
        ("reported", "[]", "reported = []: expected a list"),
        ("reported", '["a thread"]', "reported/0 = 'a thread': expected a table"),
        ("reported", '[{"thread": "a/b#1", "date": "17.9.2025"}]', "reported/0/date = '17.9.2025'"),
        ("reported", '[{"thread": "a/b#1", "torch": "nightly"}]', "reported/0/torch = 'nightly'"),
        ("reported", '[{"thread": "a/b#1", "macos": "Sequoia"}]', "reported/0/macos = 'Sequoia'"),
        ("reported", '[{"thread": "a/b#1", "date": "2025-09-17", "figures": 3.4}]', "figures = 3.4: expected a table"),
        ("absent", '{"colour": "nobody knows"}', "absent does not know colour"),
        ("claim", '"`F.linear` is wrong."', "claim has no place in a snippet"),
        ("affected", '"~=2.8"', "affected = '~=2.8'"),
        ("affected", '"==2.8.*"', "affected = '==2.8.*'"),
        ("affected", '">=2.8,!=2.8.1,<2.9"', "(specifier)"),
        ("macos", '"!=15"', "macos = '!=15'"),
        ("colour", '"red"', "the snippet does not know colour: it has slug, claim"),
    ],
)
def test_fires(tmp_path, name, value, says):
    path = tmp_path / "linear-bad.py"
    path.write_text(with_field(good_source(), name, value), encoding="utf-8")
    ((rule, problem),) = lint.problems_of_file(path)
    assert rule == fields.NAME and says in problem


@pytest.mark.parametrize("name", ["issue", "kind", "family", "basis"])
def test_what_every_bug_has(name):
    entry = {key: value for key, value in GOOD_ROW.items() if key != name}
    assert list(fields.check(entry, "row")) == [f"the row lacks {name}: add it"]


def test_what_belongs_to_a_check_has_no_place_in_a_row():
    assert list(fields.check(GOOD_ROW, "row")) == []
    parts = {"no_workaround": "nobody knows one", "dtypes": ["float16"], "repeats": 9, "rate": 0.5, "memory": 6}
    for name, value in parts.items():
        ((problem),) = fields.check({**GOOD_ROW, name: value}, "row")
        assert problem.startswith(f"{name} has no place in a row")


def test_the_fields_are_written_in_the_order_of_the_schema():
    facts = ast.literal_eval('{"effect": "unwritten(result)", "colour": 1, "issue": "a/b#1", "kind": "wrong"}')
    assert list(schema.in_order(facts)) == ["issue", "kind", "effect", "colour"]
