"""Bad snippets and rows, each made from a good one by one change; snippets as real files."""

import ast
import json

import pytest

from mpscheck.bugs import bug as bugs
from mpscheck.bugs import catalogue, schema
from mpscheck.bugs.bug import Bug
from mpscheck.lint import mend

GOOD = "linear-noncontiguous-weight"
GOOD_STATISTICAL = "rand-5d-batches-identical"
GOOD_ROW = {
    "slug": "abs-int-via-float32",
    "claim": "`torch.abs` rounds integers above 2**24.",
    "when": "integers with a magnitude above 16777216",
    "issue": "pytorch/pytorch#190052",
    "kind": "wrong",
    "family": "dtype",
    "affected": ">=2.13.0,<2.14",
    "basis": {"seen": "thread", "fixed": "release notes"},
    "fixed_pr": "pytorch/pytorch#190053",
    "reported": [{"thread": "pytorch/pytorch#190052", "date": "2026-07-15", "torch": "2.13.0"}],
    "stored_date": "2026-11-24",
}


def good_source(slug: str = GOOD) -> str:
    return (catalogue.BUGS / f"{slug}.py").read_text(encoding="utf-8")


def replaced(source: str, old: str, new: str) -> str:
    """The source with the first `old` replaced."""
    assert old in source, f"the good snippet no longer holds {old!r}: adapt this test"
    return source.replace(old, new, 1)


def with_field(source: str, name: str, value: str | None) -> str:
    """The source with a metadata field set to another literal, or removed by None."""
    node = next(node for node in ast.parse(source).body if bugs.is_metadata(node))
    facts = ast.literal_eval(node.value)
    facts.pop(name, None)
    if value is not None:
        facts[name] = ast.literal_eval(value)
    return source.replace(ast.get_source_segment(source, node) + "\n", mend.literal(facts))


@pytest.fixture
def snippet(tmp_path):
    """snippet(source, name): the bug read from a file of this text."""

    def write(source: str, name: str = f"{GOOD}.py") -> Bug:
        path = tmp_path / name
        path.write_text(source, encoding="utf-8")
        return catalogue.read(path)

    return write


@pytest.fixture
def row(tmp_path):
    """row(name=value): the bug of a row with these changes, read from a file; None removes a field."""

    def write(**changes) -> Bug:
        path = tmp_path / f"rows-{len(list(tmp_path.iterdir()))}.jsonl"
        entry = {name: value for name, value in {**GOOD_ROW, **changes}.items() if value is not None}
        path.write_text(json.dumps(schema.in_order(entry)) + "\n", encoding="utf-8")
        return catalogue.rows(path)[0]

    return write


@pytest.fixture
def problem(snippet):
    """problem(rule, bad, good): the one thing that the rule says of the bad snippet, after nothing of the good one."""

    def check(rule, bad: str, good: str | None = None) -> str:
        assert list(rule.check(snippet(good or good_source()))) == []
        found = list(rule.check(snippet(bad)))
        assert len(found) == 1, found
        return found[0]

    return check


@pytest.fixture
def problem_of_row(row):
    """problem_of_row(rule, name=value): the one thing that the rule says of this row, after nothing of the good one."""

    def check(rule, **changes) -> str:
        assert list(rule.check(row())) == []
        found = list(rule.check(row(**changes)))
        assert len(found) == 1, found
        return found[0]

    return check
