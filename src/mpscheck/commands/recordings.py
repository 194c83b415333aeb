"""Recording what well-known libraries call: each bug's row is kept in `results/emulated/recordings/`."""

import json
import subprocess
import sys

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.runs import emulated, made_of, provenance

KIND = "recordings"


def bugs() -> dict[str, Bug]:
    """The bugs that calls can be held against, by slug."""
    return {bug.slug: bug for bug in catalogue.with_check() if bug.triggers}


def publish(slugs: list[str]) -> None:
    """Run all libraries once, in a process of its own, and keep the rows of these bugs. Raises RuntimeError."""
    command = [sys.executable, "-m", "mpscheck.detection.recordings", *slugs]
    environment = emulated.environment() | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    where, there = provenance.collect("emu"), bugs()
    for line in done.stdout.splitlines():
        found = json.loads(line)
        slug = found.pop("slug")
        emulated.write(emulated.PUBLISHED, KIND, slug, where, made_of.of_recording(there[slug]), found)
