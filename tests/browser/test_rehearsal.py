"""The rehearsed site says on every page that its numbers are made up, and nothing of it comes into what is published."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mpscheck.rehearsal import runs

MARKER = re.compile(rb'"evidence"\s*:\s*"rehearsal"')
SAID = runs.SAID.encode()
WHERE_IT_IS_WRITTEN = {"mkdocs.rehearsal.yml", "src/mpscheck/rehearsal/runs.py"}


@pytest.fixture(scope="module")
def rehearsed(built) -> Path:
    return built("rehearsed")


def marked(folder: Path, *left_out: str) -> set[str]:
    """The files below a folder that hold the mark of a made-up run, or the sentence of the banner."""
    found = set()
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in left_out]
        for path in (Path(at, name) for name in files):
            data = path.read_bytes()
            if MARKER.search(data) or SAID in data:
                found.add(str(path.relative_to(folder)))
    return found


def test_every_page_says_that_its_numbers_are_made_up(rehearsed):
    pages = [path.read_text("utf-8") for path in rehearsed.rglob("*.html")]
    pages = [text for text in pages if 'http-equiv="refresh"' not in text]  # the old name of a bug, without a number
    assert len(pages) > 500
    for text in pages:
        assert text.count(runs.SAID) == 1 and '<meta name="robots" content="noindex">' in text


def test_the_banner_stands_on_the_first_screen(visit, which):
    page = visit(390).go("bugs/linear-noncontiguous-weight/")
    banner = page.get_by_text(runs.SAID)
    assert banner.count() == (which == "rehearsed")
    if which == "rehearsed":
        assert banner.bounding_box()["y"] < 200


def test_the_data_for_programs_say_it(rehearsed):
    for path in sorted((rehearsed / "api" / "v1").glob("*.json")):
        if not path.name.endswith(".schema.json"):
            assert json.loads(path.read_text("utf-8"))["evidence"] == runs.MARKER
    for name in ("api/feed.xml", "llms.txt"):
        assert runs.SAID in (rehearsed / name).read_text("utf-8")


def test_nothing_of_a_rehearsal_is_published(clone, rehearsed, built, tmp_path):
    published = built("empty")  # as `make site` builds it where a rehearsal was made before
    assert published == clone / "site" and len(marked(rehearsed)) > 500
    assert marked(clone, ".cache") == WHERE_IT_IS_WRITTEN
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "--wheel-dir", tmp_path, clone], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "wheel")
    assert (tmp_path / "wheel" / "mpscheck" / "rehearsal" / "planted.json").exists()
    assert marked(tmp_path / "wheel") == {"mpscheck/rehearsal/runs.py"}
