"""Every test process has the healthy emulated device; tests of other modes start processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ["MPSCHECK_EMU"] = "1"  # before anything imports torch
os.environ.pop("MPSCHECK_FAULTS", None)

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture
def python(tmp_path):
    """Run Python code (or arguments) in a process of its own, with environment variables; gives the finished process."""

    def run(*args: str, timeout: float = 120, **variables: str) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MPSCHECK_")} | variables
        return subprocess.run(
            [sys.executable, *args], capture_output=True, text=True, timeout=timeout, env=environment, cwd=tmp_path
        )

    return run
