"""Every test process has the healthy emulated device; tests of other modes start processes of their own."""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

os.environ["MPSCHECK_EMU"] = "1"  # before anything imports torch
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small tensors: threads of several processes only wait for each other
os.environ.pop("MPSCHECK_FAULTS", None)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so in the background, for what is started here too
    signal.signal(signal.SIGINT, signal.default_int_handler)

from mpscheck import environments
from mpscheck.bugs import catalogue, encounters
from mpscheck.known import evidence, measured
from mpscheck.known.entry import entries
from mpscheck.rehearsal import workplace
from mpscheck.runs import canaries, provenance, results, worker
from mpscheck.runs.macos import macos_version

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder that all processes of this run of pytest share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


WRITE_PAGES = """
import dataclasses, json, pathlib, sys
sys.modules["torch"] = None
from mpscheck.site.files import files
from mpscheck.site.inputs import read_inputs
here = read_inputs()
without = dataclasses.replace(here, local={}, runs={}, unverified={}, site_url="")
written = files(here)
pages = {"generated": written, "files": written if without == here else files(without)}
pathlib.Path(sys.argv[1]).write_text(json.dumps(pages), encoding="utf-8")
"""


@pytest.fixture(scope="session")
def written(shared) -> dict[str, dict[str, str]]:
    """What `generated` and `files` give; made once for all tests, in a process without torch."""
    file = shared / "generated.json"
    with FileLock(shared / "generated.lock"):
        if not file.exists():
            command = [sys.executable, "-c", WRITE_PAGES, str(file)]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"SITE_URL": ""})
            assert done.returncode == 0, done.stderr
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def generated(written) -> dict[str, str]:
    """The generated files of the site, from path to text."""
    return written["generated"]


@pytest.fixture(scope="session")
def clone(shared) -> Path:
    """The repository as git would store it now, elsewhere; `mpscheck rehearse --few` and then `mpscheck site` were run in it."""
    folder = shared / "clone"
    with FileLock(shared / "clone.lock"):
        if not folder.exists():
            git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            listed = subprocess.run(git, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
            for name in filter(None, listed.split("\0")):
                if (ROOT / name).exists():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, folder / name)
            environment = os.environ | {"PYTHONPATH": str(folder / "src"), "SITE_URL": ""}
            for command in (["rehearse", "--few"], ["site"]):
                mpscheck = [sys.executable, "-m", "mpscheck.cli", *command]
                done = subprocess.run(mpscheck, cwd=folder, env=environment, capture_output=True, text=True)
                assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def smollm2(shared) -> Path:
    """The folder of SmolLM2-135M-Instruct, converted as for a user who asks for it the first time; once for all tests."""
    with FileLock(shared / "smollm2.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(shared / "home"))
        return runpy.run_path(str(ROOT / "snippets" / "models" / "smollm2.py"))["convert"]()


@pytest.fixture
def python(tmp_path):
    """Run Python code (or arguments) in a process of its own, with environment variables; gives the finished process."""

    def run(*args: str, timeout: float = 120, **variables: str) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MPSCHECK_")} | variables
        return subprocess.run(
            [sys.executable, *args], capture_output=True, text=True, timeout=timeout, env=environment, cwd=tmp_path
        )

    return run


@pytest.fixture(scope="session")
def python_of():
    """The Python of an environment of `make test-matrix`; one that was not made skips the test."""

    def find(name: str) -> Path:
        if not environments.is_made(name):
            pytest.skip(f"the environment {name} is not made: run `mpscheck environments`")
        return environments.python_of(name)

    return find


# ---- run files for pages: real records, measured here on the emulated device, healthy and sick

LINEAR, RANDOM = "linear-noncontiguous-weight", "rand-5d-batches-identical"
MAC = {
    "evidence": "measured", "device": "mps", "gpu": "Apple M1", "chip": "Apple M1", "virtual": True, "system": "Darwin",
    "macos": "15.6", "macos_build": "24G90", "mpsgraph": "5.6.2", "runner": "macos15", "torch": "2.8.0",
}  # fmt: skip


@pytest.fixture(scope="session")
def linear():
    return catalogue.find(LINEAR)


def _records(faulty: bool) -> list[dict]:
    records = []
    for bug in (catalogue.find(LINEAR), catalogue.find(RANDOM)):
        faults = (bug.slug,) if faulty else ()
        found = worker.run_job(bug.slug, str(bug.check.path), bug.check.functions, "emu", "float32", faults)
        records.append({"snippet": bug.slug, "code": bug.check.code_hash, "dtype": "float32", "attempts": [found]})
    return records


@pytest.fixture(scope="session")
def emulated_run() -> dict:
    """A run as it is stored in results/local."""
    return results.check(results.document(provenance.collect("emu"), _records(False)), "emulated")


@pytest.fixture(scope="session")
def known_good() -> list[dict]:
    """What the canaries give on the healthy emulated device."""
    return canaries.run_canaries("emu")


@pytest.fixture(scope="session")
def fit(known_good):
    """A run with canaries that were right before its first record and after its last, as a run on a Mac has them."""

    def with_canaries(run: dict) -> dict:
        ends = (0, len(run["records"]))
        return run | {"canaries": [canary | {"after": after} for after in ends for canary in known_good]}

    return with_canaries


@pytest.fixture
def mac_run(emulated_run, fit) -> dict:
    """The same as if a Mac had made it, sick: for the pages' words only, no fact about any Mac."""
    records = _records(True)
    return results.check(fit(results.document(emulated_run["provenance"] | MAC, records)), "mac")


# ---- Macs: recorded outputs of Apple's programs, under tests/machines, each with the thread that tells it


@pytest.fixture
def recorded_mac(tmp_path, monkeypatch):
    """recorded_mac(name): from now on, here and in processes started from here, Apple's programs print what that Mac's do."""

    def become(name: str) -> dict:
        machine, folder = workplace.recorded(name), tmp_path / "apple" / name
        workplace.fake_programs(machine, folder)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        for variable in ("ImageOS", "ImageVersion"):
            monkeypatch.delenv(variable, raising=False)
        for variable, value in machine["variables"].items():
            monkeypatch.setenv(variable, value)
        macos_version.cache_clear()
        return machine

    yield become
    monkeypatch.undo()
    macos_version.cache_clear()


# ---- what the pages are made of


@pytest.fixture(scope="session")
def known():
    """All known bugs with all that is known of them, without a run on a Mac."""
    return entries(catalogue.all_bugs(), encounters.load(), measured.NONE, evidence.read_controls())


@pytest.fixture(scope="session")
def files(written) -> dict[str, str]:
    """The generated files of the site, without a run and without an address."""
    return written["files"]
