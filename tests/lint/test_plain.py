"""The word list of docs/style.md holds for bugs, for all pages, and for what stands beside them."""

import re
import subprocess

import pytest

from mpscheck.lint import plain
from mpscheck.places import ROOT

from .conftest import good_source, replaced

WRITTEN = [
    ROOT / name
    for name in subprocess.check_output(
        ["git", "ls-files", "*.md", "snippets/*.md"], cwd=ROOT, text=True, encoding="utf-8"
    ).splitlines()
    if not name.endswith(("CHANGELOG.md", "docs/style.md"))
]


def test_fires(problem):
    bad = replaced(good_source(), "You hit it", "You meet it")
    assert problem(plain, bad) == "'meet': write hit"


@pytest.mark.parametrize("word", plain.WORDS, ids=lambda word: word.instead_of)
def test_each_word_is_found_where_it_is_written_and_not_in_code_or_addresses(word):
    first = re.split(r"[,(]", word.instead_of)[0].strip()
    assert list(plain.found(f"A page says: {first}.")) == [(first, word.write)]
    assert list(plain.found(f"`{first}` [a](https://x.org/{first}/) ```\n{first}\n```")) == []


def test_no_page_that_is_written_has_one():
    """Hand-written pages, README, CONTRIBUTING, the texts beside the patches."""
    bad = {str(path.relative_to(ROOT)): list(plain.found(path.read_text("utf-8"))) for path in WRITTEN}
    assert {name: words for name, words in bad.items() if words} == {}


def test_no_page_that_is_generated_has_one(files):
    """What is quoted is not ours: titles of threads and pull requests."""
    quoted = re.compile(r'title="[^"]*"|"[^"\n]{0,300}"|“[^”]*”')
    bad = {
        name: [one for one in plain.found(quoted.sub(" ", page))]
        for name, page in files.items()
        if name.endswith(".md") and name != "generated/plain-words.md"
    }
    assert {name: words for name, words in bad.items() if words} == {}
