"""Bad snippets, each made from a good one by one replacement, as real files."""

import pytest

from mpscheck import catalogue

GOOD = "linear-noncontiguous-weight"
GOOD_STATISTICAL = "rand-5d-batches-identical"


@pytest.fixture
def edited(tmp_path):
    """edited(old, new, slug): the shipped snippet with one text replaced, read from a file of its own."""

    def make(old: str = "", new: str = "", slug: str = GOOD) -> catalogue.Bug:
        source = (catalogue.BUGS / f"{slug}.py").read_text(encoding="utf-8")
        assert old in source, f"{slug}.py no longer holds {old!r}: adapt this test"
        path = tmp_path / f"{slug}.py"
        path.write_text(source.replace(old, new, 1) if old else source, encoding="utf-8")
        return catalogue.read(path)

    return make


@pytest.fixture
def expect(edited):
    """expect(rule, old, new, *words): after the replacement the rule says one thing, with all these words in it."""

    def check(rule, old: str, new: str, *words: str, slug: str = GOOD) -> None:
        assert list(rule.check(edited(slug=slug))) == []
        problems = list(rule.check(edited(old, new, slug)))
        assert len(problems) == 1, problems
        assert all(word in problems[0] for word in words), problems

    return check
