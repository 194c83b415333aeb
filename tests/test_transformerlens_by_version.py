"""The table of what TransformerLens does about mps is what the installed releases do."""

import json
import sys

import pytest

from mpscheck import environments
from mpscheck.runs import results
from mpscheck.site.pages import transformerlens

STORED = json.loads(results.TRANSFORMERLENS.read_text(encoding="utf-8"))


@pytest.fixture
def measure(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "scripts" / "transformerlens")
    monkeypatch.delitem(sys.modules, "measure", raising=False)
    import measure

    yield measure
    del sys.modules["measure"]


def same(stored: dict, said: dict) -> bool:
    return all(stored[key] == said[key] for key in ("versions", "device", "entries"))


def test_the_stored_file_is_of_the_probe_as_it_is(measure):
    """Else: `python scripts/transformerlens/measure.py`."""
    assert STORED["provenance"]["probe"] == measure.made_of()


def test_every_environment_has_its_release_in_the_table(measure):
    names = [name for name in environments.names() if name.startswith(measure.PREFIX)]
    assert len(STORED["releases"]) == len(names) + 1
    assert all(name.removeprefix(measure.PREFIX) in STORED["releases"] for name in names)


def test_the_newest_release_does_what_is_stored(measure):
    said = measure.probed(sys.executable)
    assert same(STORED["releases"][said["versions"]["transformer-lens"]], said)


@pytest.mark.matrix
@pytest.mark.parametrize("name", [name for name in environments.names() if name.startswith("transformerlens-")])
def test_older_releases_do_what_is_stored(measure, python_of, name):
    said = measure.probed(python_of(name))
    assert same(STORED["releases"][name.removeprefix(measure.PREFIX)], said)


def test_the_table_names_the_entry_point_that_does_not_warn():
    lines = transformerlens.warnings(STORED).splitlines()
    boots = [line for line in lines if "boot_transformers" in line]
    assert boots and all(line.count("**none**") == 2 for line in boots)
    assert not any("**none**" in line for line in lines if "bridge.to(" in line)


def test_the_table_says_which_release_takes_mps_by_itself():
    rows = [line.split(" | ") for line in transformerlens.devices(STORED).splitlines() if line.startswith("| ")]
    assert {row[0].strip("| "): row[1] for row in rows if row[1] == "`mps`"} == {"2.17.0": "`mps`"}
