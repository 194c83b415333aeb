"""Each file and folder that a guide names by its path is there."""

import re

import pytest

FOLDERS = ("src", "scripts", "tests", "snippets", "results", "catalogue", "docs", "benchmarks", "contributions")
NAMED = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`(?!\]\(http)")  # not the path of another project, a link
MADE = ("docs/generated/", "results/local/", "results/runs/", "results/unverified/")  # not in a clone
GUIDES = ("README.md", "CONTRIBUTING.md", *(f"docs/{page}" for page in ("**/*.md",)), ".github/workflows/SETUP.md")


def test_every_path_is_there(root):
    paths = [path for pattern in GUIDES for path in root.glob(pattern) if "docs/bugs/" not in path.as_posix()]
    named = [(path.name, name) for path in paths for name in NAMED.findall(path.read_text(encoding="utf-8"))]
    assert len(named) > 40
    assert [pair for pair in named if not (root / pair[1]).exists() and not pair[1].startswith(MADE)] == []


@pytest.mark.parametrize("text", ["`src/mpscheck/gone.py`", "run `tests/gone/` now"])
def test_a_path_is_seen(text):
    assert NAMED.findall(text)
