"""A file of results/runs that no job of ours wrote is found, whatever it says of itself."""

import hashlib
import os
import shutil
import subprocess
import sys

import planted
import pytest

from mpscheck.runs import results

GH = '#!/bin/sh\ncp "$3" {seen}\necho "the signature does not match"\nexit {code}\n'


@pytest.fixture
def asked(root, tmp_path, linear):
    """asked(document, attested): the script in a copy of the repository with one published run; the finished process."""

    def run(document, attested=True):
        place, tools = tmp_path / "work", tmp_path / "tools"
        for name in ("src", "scripts", "results/schema.json"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (root / name).is_dir() else shutil.copy)(root / name, place / name)
        results.write(place / "results" / "runs" / "one.json", document)
        tools.mkdir()
        (tools / "gh").write_text(GH.format(seen=tmp_path / "seen.json", code=0 if attested else 1))
        (tools / "gh").chmod(0o755)
        variables = {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(place / "src")}
        environment = os.environ | variables | {"GITHUB_REPOSITORY": "an-owner/mps-check"}
        command = [sys.executable, str(place / "scripts" / "ci" / "attested.py")]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=place)

    return run


@pytest.fixture
def brought(linear):
    """A run as the publishing job writes it."""
    run = planted.run(planted.record(linear, "right"), by_ci=False)
    return run | {
        "published": {"address": planted.JOB, "sha256": hashlib.sha256(results.text(run).encode()).hexdigest()}
    }


def test_what_the_job_wrote_is_what_github_is_asked_about(asked, brought, tmp_path):
    assert asked(brought).returncode == 0
    assert hashlib.sha256((tmp_path / "seen.json").read_bytes()).hexdigest() == brought["published"]["sha256"]


def test_a_record_written_by_hand_has_no_attestation(asked, brought):
    done = asked(brought, attested=False)
    assert done.returncode == 1 and "not attested: the signature does not match" in done.stdout


def test_a_run_that_was_changed_since_is_found(asked, brought):
    brought["provenance"]["macos"] = "26.0"
    done = asked(brought)
    assert done.returncode == 1 and "not what the job wrote" in done.stdout


def test_a_run_of_a_person_belongs_elsewhere(asked, brought):
    del brought["published"]
    done = asked(brought)
    assert done.returncode == 1 and "results/unverified" in done.stdout
