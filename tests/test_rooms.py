"""Imports go one way between the rooms of the package: the contracts stand in pyproject.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def contracts(root, tmp_path):
    """What import-linter says of a copy of the package, which a test can change before."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(root / "pyproject.toml", tmp_path)

    def check() -> subprocess.CompletedProcess:
        command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
        environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)

    return check


def test_every_import_goes_the_way_of_the_design(contracts):
    done = contracts()
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("site/pages/home.py", "from mpscheck.commands import verify\n"),  # a page that imports a command
        ("bugs/versions.py", "from mpscheck.runs import results\n"),  # a claim that knows of a measurement
        ("runs/numerics.py", "from mpscheck.runs import measure\n"),  # a circle within a room
        ("more/__init__.py", ""),  # a room that no layer names
    ],
)
def test_an_import_the_other_way_is_named(contracts, tmp_path, module, line):
    path = tmp_path / "src" / "mpscheck" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}")
    done = contracts()
    assert done.returncode == 1 and "BROKEN" in done.stdout
