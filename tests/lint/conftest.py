"""Bad snippets, each made from a good one by one change, as real files."""

import re

import pytest

from mpscheck.bugs import catalogue

GOOD = "linear-noncontiguous-weight"
GOOD_STATISTICAL = "rand-5d-batches-identical"


def good_source(slug: str = GOOD) -> str:
    return (catalogue.BUGS / f"{slug}.py").read_text(encoding="utf-8")


def replaced(source: str, old: str, new: str) -> str:
    """The source with the first `old` replaced."""
    assert old in source, f"the good snippet no longer holds {old!r}: adapt this test"
    return source.replace(old, new, 1)


def with_field(source: str, name: str, value: str | None) -> str:
    """The source with a one-line metadata field set to another TOML value, or removed by None."""
    without = re.sub(rf"(?m)^# {name} = .*\n", "", source)
    return (
        without
        if value is None
        else replaced(without, "# [tool.mps-check]\n", f"# [tool.mps-check]\n# {name} = {value}\n")
    )


@pytest.fixture
def snippet(tmp_path):
    """snippet(source, name): the bug read from a file of this text."""

    def write(source: str, name: str = f"{GOOD}.py") -> catalogue.Bug:
        path = tmp_path / name
        path.write_text(source, encoding="utf-8")
        return catalogue.read(path)

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
