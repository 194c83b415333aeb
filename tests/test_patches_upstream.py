"""Each patch of `contributions/` on the source of the newest TransformerLens that the package index has.

`make test-contributions` runs this file. A patch's own tests fail on the source as it was released and pass with the patch,
alone and with all the others. The check of `tests/mps` runs on the emulated device, healthy and sick; no Mac has run it.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from mpscheck.places import ROOT

pytestmark = [pytest.mark.matrix, pytest.mark.slow]

FOLDER = ROOT / "contributions"
STORE = ROOT / ".cache" / "transformerlens-source"
PATCHES = sorted(FOLDER.glob("transformerlens-*.patch"), key=lambda path: "docs" in path.name)
NAMES = [path.stem for path in PATCHES]
TOUCHED = re.compile(r"(?m)^\+\+\+ b/(\S+)$")
LINEAR = "linear-noncontiguous-weight"
CHECK = "tests/mps/test_mps_matches_cpu.py"
PARTS = ("transformer_lens", "tests", "docs/source/content")


@dataclass(frozen=True)
class Outcome:
    """What a run of pytest ended with: its exit status and the end of what it printed."""

    status: int
    text: str

    def count(self, word: str) -> int:
        found = re.search(rf"(\d+) {word}", self.text.splitlines()[-1])
        return int(found[1]) if found else 0


@pytest.fixture(scope="session")
def released() -> Path:
    """The newest release's source, with its tests and documentation, which the installed package lacks."""
    command = [sys.executable, "-m", "pip", "download", "transformer-lens", "--no-deps", "--quiet"]
    command += ["--no-binary", "transformer-lens", "--dest", str(STORE)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    newest = max(STORE.glob("*.tar.gz"), key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)])
    place = STORE / newest.name.removesuffix(".tar.gz")
    if not place.exists():
        with tarfile.open(newest) as archive:
            archive.extractall(STORE, filter="data")
    return place


@pytest.fixture(scope="session")
def known_bad(tmp_path_factory) -> Path:
    """`known-bad.json` as it is published: what the patch of that name wants beside the module."""
    from mpscheck.bugs import catalogue
    from mpscheck.known import exposure
    from mpscheck.site import api
    from mpscheck.site.inputs import Inputs

    inputs = Inputs(catalogue.all_bugs(), {}, {}, exposure=exposure.read())
    path = tmp_path_factory.mktemp("data") / "known-bad.json"
    path.write_text(api.files(inputs)["api/v1/known-bad.json"], encoding="utf-8")
    return path


@pytest.fixture
def tree(released, known_bad, tmp_path):
    """A copy of the released source with some patches applied; gives its folder."""

    def make(*patches: Path) -> Path:
        place = tmp_path / "+".join(path.stem for path in patches)[:40].join(("tree-", ""))
        for part in PARTS:
            shutil.copytree(released / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(known_bad, place / "transformer_lens" / "utilities")
        for path in patches:
            subprocess.run(["git", "apply", str(path)], cwd=place, check=True)
        return place

    return make


def own_tests(patch: Path) -> list[str]:
    """The files of tests that a patch brings or changes."""
    return [name for name in TOUCHED.findall(patch.read_text(encoding="utf-8")) if name.startswith("tests/")]


def run(place: Path, files: list[str], **variables: str) -> Outcome:
    """Run some of upstream's tests against the source at `place`, without upstream's options for plugins not here."""
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", "."]
    command += ["-p", "no:cacheprovider", "--import-mode=importlib", "--tb=short", *files]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MPSCHECK_")}
    environment = clean | {"PYTHONPATH": f"{place}{os.pathsep}{ROOT / 'src'}", "OMP_NUM_THREADS": "1"} | variables
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, env=environment)
    return Outcome(done.returncode, done.stdout + done.stderr)


def test_each_patch_comes_with_the_text_of_its_pull_request():
    assert len(PATCHES) == 5
    for patch in PATCHES:
        text = patch.with_suffix(".md").read_text(encoding="utf-8")
        assert text.startswith("# ") and "not run on a Mac" in text.replace("\n", " "), patch.stem
        assert f"`{patch.name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("patch", [path for path in PATCHES if own_tests(path)], ids=lambda path: path.stem)
def test_its_own_tests_fail_on_the_release_and_pass_with_it(tree, patch):
    files = own_tests(patch)
    place = tree(patch)
    after = run(place, files, TRANSFORMERLENS_TEST_DEVICE="cpu")
    assert after.status == 0 and after.count("passed"), after.text
    changed = [n for n in TOUCHED.findall(patch.read_text(encoding="utf-8")) if n.startswith("transformer_lens/")]
    subprocess.run(["git", "apply", "-R", *(f"--include={n}" for n in changed), str(patch)], cwd=place, check=True)
    before = run(place, files, TRANSFORMERLENS_TEST_DEVICE="cpu")
    assert before.status in (1, 2) and before.count("failed") + before.count("error"), before.text


def test_all_of_them_together(tree):
    place = tree(*PATCHES)
    files = sorted({name for patch in PATCHES for name in own_tests(patch)} | {"tests/unit/utilities/test_devices.py"})
    found = run(place, files, TRANSFORMERLENS_TEST_DEVICE="cpu")
    assert found.status == 0, found.text


@pytest.mark.parametrize(
    ("fault", "contiguous", "passes"),
    [("", False, True), (LINEAR, False, False), (LINEAR, True, True)],
    ids=["healthy", "sick", "sick, with contiguous weights"],
)
def test_the_check_of_tests_mps_sees_the_fault_and_not_its_absence(tree, fault, contiguous, passes):
    by_name = {path.stem.removeprefix("transformerlens-"): path for path in PATCHES}
    place = tree(by_name["check-device"], *([by_name["bridge-contiguous"]] if contiguous else []))
    variables = {"MPSCHECK_EMU": "honest", "MPSCHECK_FAULTS": fault, "TRANSFORMERLENS_TEST_DEVICE": "emu"}
    found = run(place, [CHECK], **variables)
    assert (found.count("passed"), found.count("failed")) == ((2, 0) if passes else (0, 2)), found.text


@pytest.mark.parametrize(("fault", "limit"), [("", (0, 1e-4)), (LINEAR, (1e-2, 1e9))], ids=["healthy", "sick"])
def test_the_page_that_a_newcomer_reads_warns_and_its_program_tells(tree, released, fault, limit):
    """Before the patch no page for users says that a result may be wrong without an error."""
    page = "docs/source/content/getting_started.md"
    (patch,) = [path for path in PATCHES if path.stem.endswith("silent-errors-docs")]
    assert "Wrong Results Without an Error" not in (released / page).read_text(encoding="utf-8")
    assert "161640" not in (released / page).read_text(encoding="utf-8")
    place = tree(patch)
    section = (place / page).read_text(encoding="utf-8").partition("Wrong Results Without an Error")[2]
    program = re.search(r"(?s)```python\n(.*?)```", section)[1]
    model = str(ROOT / "snippets" / "models" / "ioi-small")
    (place / "program.py").write_text(program.replace('"gpt2"', repr(model)).replace('"mps"', '"emu"'))
    variables = {"MPSCHECK_EMU": "honest", "MPSCHECK_FAULTS": fault}
    environment = os.environ | variables | {"PYTHONPATH": f"{place}{os.pathsep}{ROOT / 'src'}"}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=place, capture_output=True, text=True, check=True, env=environment
    )
    number = float(re.search(r"tensor\(([\d.e+-]+)", done.stdout)[1])
    assert limit[0] <= number < limit[1], done.stdout
