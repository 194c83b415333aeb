"""The wheel by itself: built from the clone, installed elsewhere, used in a folder that has nothing to do with the clone."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from mpscheck.bugs import catalogue
from mpscheck.runs import results, slim
from mpscheck.site.files import files as files_of
from mpscheck.site.inputs import Inputs

BUG = "linear-noncontiguous-weight"
OF_THE_CLONE = (
    "lint", f"new {BUG}", f"try {BUG}", "site", "rehearse", "verify", "derived", "detection", "works-with", "redteam",
    "environments", "declared", "settle",
)  # fmt: skip


@pytest.fixture(scope="session")
def wheel(root, shared) -> Path:
    """Built once for all tests."""
    with FileLock(shared / "wheel.lock"):
        found = list((shared / "wheel").glob("*.whl")) or [built(root, shared / "wheel")]
    return found[0]


def built(root: Path, folder: Path, **options) -> Path:
    done = subprocess.run(
        [sys.executable, root / "scripts" / "wheel.py", folder], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def installed(wheel, shared) -> Path:
    """An environment with this wheel alone; what it depends on is that of this Python, as if it were installed there."""
    place = shared / "outside"
    with FileLock(shared / "outside.lock"):
        if not place.exists():
            pip = [sys.executable, "-m", "pip", "--python", place / "bin" / "python", "install", "--quiet"]
            for command in (
                [sys.executable, "-m", "venv", "--without-pip", place],
                [*pip, "--no-deps", "--no-index", wheel],
            ):
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            [packages] = place.glob("lib/python*/site-packages")
            (packages / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return place


@pytest.fixture
def python(installed, tmp_path):
    """Run its Python, as somebody who has no clone."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
        others = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MPSCHECK_"))}
        environment = others | {"HOME": str(tmp_path)} | variables
        command = [installed / "bin" / "python", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, input="")

    return run


@pytest.fixture
def mpscheck(installed, python):
    """Run the command there."""
    return lambda *arguments, **variables: python(installed / "bin" / "mpscheck", *arguments, **variables)


def test_it_holds_what_the_clone_holds_and_is_small(root, wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name.removeprefix("mpscheck/data/"): archive.read(name) for name in archive.namelist()}
    for pattern in ("snippets/**/*.py", "catalogue/**/*.json*", "results/*schema.json"):
        for path in root.glob(pattern):
            assert held[path.relative_to(root).as_posix()] == path.read_bytes()
    assert not [name for name in held if name.startswith(("tests", "scripts", "docs")) or "__pycache__" in name]
    assert wheel.stat().st_size < 2_500_000
    tracked = subprocess.run(["git", "ls-files", "*data/snippets*"], cwd=root, capture_output=True, text=True)
    assert tracked.stdout == "", "no second copy in git"


def test_it_is_the_same_file_again_and_the_clone_stays_as_it_was(root, wheel, tmp_path):
    status = ["git", "status", "--porcelain", "--ignored"]
    before = subprocess.run(status, cwd=root, capture_output=True, text=True).stdout
    other = {"umask": 0o077, "cwd": tmp_path, "env": os.environ | {"TZ": "Asia/Tokyo", "LC_ALL": "C"}}
    assert built(root, tmp_path / "again", **other).read_bytes() == wheel.read_bytes()
    assert subprocess.run(status, cwd=root, capture_output=True, text=True).stdout == before


def test_a_run_without_a_clone_goes_into_the_folder_where_it_was_started(mpscheck, tmp_path):
    done = mpscheck("run", BUG, "--device", "emu")
    assert done.returncode == 0, done.stderr
    [path] = tmp_path.rglob("emu*.json")
    assert f"stored in {path.relative_to(tmp_path)}" in done.stdout
    assert path.parent == tmp_path / "mpscheck-results" / "local"
    [record] = results.read(path)["records"]
    assert record["snippet"] == BUG


def test_controls_work_without_a_clone(mpscheck):
    done = mpscheck("controls", BUG)
    assert done.returncode == 0 and "1 of 1 checks work" in done.stderr, done.stderr
    assert "stored in mpscheck-results/local/emulated/controls" in done.stdout


def test_the_tools_are_commands(mpscheck, tmp_path):
    script = "import torch\ntorch.nn.functional.linear(torch.ones(2, 4), torch.ones(4, 3).T)\n"
    (tmp_path / "experiment.py").write_text(script)
    done = mpscheck("audit", "--torch", "2.8.0", "experiment.py")
    assert done.returncode == 3 and "experiment.py:2" in done.stdout, done.stderr
    emulated = ("--model", "ioi-small", "--entry", "transformers", "--device", "emu")
    done = mpscheck("validate", *emulated, "--quick", "--json", MPSCHECK_EMU="1")
    assert done.returncode == 0 and json.loads(done.stdout)["verdict"] == "agrees", done.stderr
    done = mpscheck("locate", "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: locate_divergence.py"), done.stderr


def test_what_needs_the_clone_says_so_in_one_sentence(python):
    """In one process, since each refuses before it does anything."""
    code = (
        "import json; from click.testing import CliRunner; from mpscheck.cli import main, places\n"
        "assert not places.IS_CLONE\n"
        "run = lambda words: CliRunner().invoke(main, words.split())\n"
        f"print(json.dumps([(done.exit_code, done.output) for done in map(run, {OF_THE_CLONE!r})]))"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    for words, (status, said) in zip(OF_THE_CLONE, json.loads(done.stdout), strict=True):
        assert status == 2, words
        assert said == (
            f"mpscheck {words.split()[0]} works in a clone of the repository alone: this one is installed from a wheel.\n"
        )


CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def mps_check_model():
    import torch
    torch.manual_seed(0)
    linear = torch.nn.Linear(8, 8)
    linear.weight = torch.nn.Parameter(linear.weight.detach().T.contiguous().T)
    return torch.nn.Sequential(torch.nn.Embedding(20, 8), linear), torch.arange(1, 13).reshape(2, 6)
"""
TEST = 'def test_it(mps_device):\n    print("on", mps_device)\n'
NO_TORCH = 'def test_it():\n    import sys\n    assert "torch" not in sys.modules\n'


@pytest.mark.parametrize(
    ("options", "faults", "device", "words"),
    [
        (("--mps-check",), "", "emu", "mps-check: emu: it agrees with the CPU"),
        (("--mps-check",), BUG, "cpu", "mps-check: cpu: emu is not right here, or could not be checked"),
        ((), BUG, "cpu", ""),
    ],
)
def test_the_plugin_gives_the_device_only_where_it_is_right(python, tmp_path, options, faults, device, words):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_mine.py").write_text(TEST)
    variables = {"MPSCHECK_EMU": "1", "MPSCHECK_FAULTS": faults}
    done = python("-m", "pytest", "-s", *options, "--mps-check-device", "emu", **variables)
    assert done.returncode == 0 and f"on {device}" in done.stdout, done.stdout + done.stderr
    assert words in done.stdout and ("mps-check: " in done.stdout) == bool(options)


def test_the_plugin_costs_nothing_where_it_is_not_asked_and_says_what_it_lacks(python, tmp_path):
    (tmp_path / "test_none.py").write_text(NO_TORCH)
    done = python("-m", "pytest", "--mps-check", "test_none.py")
    assert done.returncode == 0 and "mps-check: no test asked for mps_device" in done.stdout, done.stdout
    (tmp_path / "test_mine.py").write_text(TEST)
    done = python("-m", "pytest", "--mps-check", "test_mine.py")
    assert done.returncode == 1 and "needs the fixture mps_check_model in your conftest.py" in done.stdout


def test_a_strangers_run_from_the_command_to_the_page(root, mpscheck, tmp_path, recorded_mac):
    """Nothing of it is a fact about a Mac: Apple's programs are recordings, and the emulated device stands for `mps`."""
    machine = recorded_mac("macbook-m5")
    variables = {"MPSCHECK_FAULTS": BUG, "USER": "zoeq", "LOGNAME": "zoeq"}
    asked = mpscheck("run", BUG, "--device", "emu", "--publish", **variables)
    assert asked.returncode == 2 and "Not in it: your name" in asked.stderr and "CC0 1.0" in asked.stderr
    assert len(asked.stderr.splitlines()) <= 24 and not list(tmp_path.rglob("*.json")), "nothing before an answer"

    done = mpscheck("run", BUG, "--device", "emu", "--publish", "--yes", **variables)
    assert "NOT AS EXPECTED" in done.stderr and 'the issue form "A run from my Mac"' in done.stderr
    [path] = (tmp_path / "mpscheck-results" / "unverified").glob("*.json")
    text = path.read_text(encoding="utf-8")
    assert "zoeq" not in text and str(tmp_path) not in text and '"macos": "' in text
    run = results.read(path)
    build = machine["commands"]["sw_vers -buildVersion"]["prints"]
    assert run["provenance"]["macos_build"] == build and build in done.stderr

    chip = run["provenance"]["chip"]
    as_on_a_mac = {"evidence": "measured", "device": "mps", "gpu": chip, "variables": {}, "system": "Darwin"}
    sent = tmp_path / "from an issue.json"
    results.write(sent, run | {"provenance": run["provenance"] | as_on_a_mac})
    script = str(root / "scripts" / "ci" / "intake.py")
    taken = subprocess.run(
        [sys.executable, script, "take", sent, "--to", tmp_path / "to"], capture_output=True, text=True
    )
    assert taken.returncode == 0 and taken.stdout.startswith("- unverified: torch "), taken.stdout + taken.stderr

    runs = dict(slim.read(tmp_path / "to" / "unverified"))
    pages = files_of(Inputs((catalogue.find(BUG),), {}, unverified=runs, local={}, controls={}, transcripts={}))
    page, table = pages[f"bugs/{BUG}.md"], pages["generated/results.md"]
    row = f"{chip}, macOS {run['provenance']['macos']} ({build})"
    assert row in page and "<small>unverified</small>" in page
    assert "affected in unverified runs on macOS 26, a real GPU, not affected says" in page, (
        "a contradiction, not a fact"
    )
    assert chip in table and "nverified" in table
