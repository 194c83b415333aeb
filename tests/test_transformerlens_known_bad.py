"""The published list of known-bad versions in the place of TransformerLens's own: the patch, tried on its real source.

`contributions/transformerlens-known-bad.patch` is applied to a copy of the installed package, with `known-bad.json` as it is
published beside it, and the warning is asked on each release of PyTorch. The constant for the smallest safe version is
replaced as the page says where a test asks for it.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import planted
import pytest
import torch
from transformer_lens.utilities import devices

from mpscheck.bugs import catalogue
from mpscheck.known import exposure, releases
from mpscheck.site import api
from mpscheck.site.inputs import Inputs

PATCH = "contributions/transformerlens-known-bad.patch"
CHANGED = "transformer_lens/utilities/devices.py"
CONSTANT = re.compile(r"(?m)^_MPS_MIN_SAFE_TORCH_VERSION.*$")
SMALLEST = (
    '_MPS_MIN_SAFE_TORCH_VERSION = tuple(_KNOWN_BAD["smallest_for"]["TransformerLens"]["possible"] or ()) or None'
)
LINEAR = "linear-noncontiguous-weight"
MINORS = tuple(dict.fromkeys(release.minor for release in releases.load()))


@pytest.fixture
def known_bad(generated) -> dict:
    """The data as they are published."""
    return json.loads(generated["api/v1/known-bad.json"])


@pytest.fixture(scope="session")
def patched(root, tmp_path_factory) -> Path:
    """The changed module: the patch applied to a copy of the installed one."""
    place = tmp_path_factory.mktemp("known-bad")
    (place / CHANGED).parent.mkdir(parents=True)
    shutil.copy(devices.__file__, place / CHANGED)
    subprocess.run(["git", "apply", str(root / PATCH)], cwd=place, check=True)
    return place / CHANGED


@pytest.fixture
def warned(patched, tmp_path, monkeypatch):
    """What the changed module warns of for data, a version of PyTorch and a device, where the user has allowed mps."""
    monkeypatch.setenv("TRANSFORMERLENS_ALLOW_MPS", "1")

    def ask(data: dict, version: str, device: str = "mps", constant: bool = False) -> list[str]:
        source = patched.read_text(encoding="utf-8")
        if constant:
            source, replaced = CONSTANT.subn("", source, count=1)
            assert replaced == 1, "TransformerLens has changed the line of the constant"
            source = source.replace(
                "\n_mps_broken_torch_warned = False", f"\n{SMALLEST}\n_mps_broken_torch_warned = False", 1
            )
        (tmp_path / "known-bad.json").write_text(json.dumps(data))
        (tmp_path / "devices.py").write_text(source)
        spec = importlib.util.spec_from_file_location("changed_devices", tmp_path / "devices.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(torch, "__version__", version)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            module.warn_if_mps(device)
        return [str(warning.message) for warning in found]

    return ask


def test_the_data_say_what_the_hand_written_list_says(known_bad):
    """Not more: no other release has a silent bug that TransformerLens's own calls were seen to meet."""
    assert {tuple(minor) for minor in known_bad["broken_for"]["TransformerLens"]} == set(
        devices._MPS_BROKEN_TORCH_VERSIONS
    )


@pytest.mark.parametrize("minor", MINORS)
def test_it_warns_on_a_known_bad_version_and_on_no_other(warned, known_bad, minor):
    bad = [int(part) for part in minor.split(".")] in known_bad["broken_for"]["TransformerLens"]
    said = warned(known_bad, f"{minor}.0")
    assert [("known MPS bug" in line) for line in said] == ([True] if bad else [])


def test_a_new_entry_of_the_data_needs_no_change_of_the_code(warned, known_bad):
    entries = {**known_bad["torch"], "2.99": known_bad["torch"]["2.8"]}
    later = {**known_bad, "torch": entries, "broken_for": {"TransformerLens": [[2, 8], [2, 99]]}}
    assert len(warned(later, "2.99.1")) == 1


def test_the_warning_names_the_bugs_of_the_data_and_who_says_so(warned, known_bad):
    [said] = warned(known_bad, "2.8.0")
    assert "https://github.com/pytorch/pytorch/issues/161640 (macOS >=15), said" in said


@pytest.mark.parametrize(
    ("where", "warns"),
    [({}, True), ({"virtual": True}, False), ({"by_ci": False}, False)],
    ids=["a real Mac", "a virtual GPU alone", "nobody vouches for it"],
)
def test_what_a_run_measures_changes_the_warning(warned, where, warns):
    """Wrong, twice, in a release of which sources say that it has the fix."""
    run = planted.run(planted.record(catalogue.find(LINEAR), "wrong", "wrong"), torch="2.15.0", macos="26.1", **where)
    mine, theirs = (planted.runs(run), {}) if where.get("by_ci", True) else ({}, planted.runs(run))
    inputs = Inputs(catalogue.all_bugs(), mine, theirs, exposure=exposure.read())
    data = json.loads(api.files(inputs)["api/v1/known-bad.json"])
    said = warned(data, "2.15.0")
    assert len(said) == warns and all("161640" in line and "measured" in line for line in said)
    [entry] = [one for one in data["torch"]["2.15"]["affected"] if one["slug"] == LINEAR]
    assert entry["known_by"] == ["measured" if where.get("by_ci", True) else "measured, unverified"]
    assert entry["virtual_alone"] == bool(where.get("virtual"))
    assert len(warned(data, "2.8.0")) == 1, "what was said still is"


def test_the_cpu_is_never_warned_of(warned, known_bad):
    assert warned(known_bad, "2.8.0", device="cpu") == []


def test_silence_is_no_clean_bill(known_bad):
    """A release that is not in the list still has bugs of which nobody knows whether it has them."""
    assert all(entry["unknown"] > 0 for entry in known_bad["torch"].values())


@pytest.fixture
def not_allowed(monkeypatch):
    """A user who has not allowed mps, so that each version that is not called safe is warned of."""
    monkeypatch.delenv("TRANSFORMERLENS_ALLOW_MPS")


def test_the_constant_is_still_empty_and_warns_on_every_version(warned, not_allowed, known_bad):
    assert devices._MPS_MIN_SAFE_TORCH_VERSION is None
    assert all(any("may produce" in line for line in warned(known_bad, f"{minor}.0")) for minor in MINORS)


def test_the_data_would_fill_the_constant(warned, not_allowed, known_bad):
    """The warning stays away from the version on from which no known or possible bug is met, and comes before it."""
    smallest = known_bad["smallest_for"]["TransformerLens"]["possible"]
    for minor in MINORS:
        said = warned(known_bad, f"{minor}.0", constant=True)
        assert any("may produce" in line for line in said) == ([int(part) for part in minor.split(".")] < smallest), (
            minor
        )


def test_without_such_a_version_the_constant_stays_empty(warned, not_allowed, known_bad):
    none = {**known_bad, "smallest_for": {"TransformerLens": {"known": None, "possible": None, "unknown": 1}}}
    assert any("may produce" in line for line in warned(none, "2.99.0", constant=True))


def test_the_page_says_what_the_data_say(known_bad, root):
    page = (root / "docs" / "guides" / "maintainers.md").read_text(encoding="utf-8")
    smallest = known_bad["smallest_for"]["TransformerLens"]
    assert f'{{"known": {smallest["known"]}, "possible": {smallest["possible"]}, "unknown": ' in page
    assert SMALLEST in page
    added = {line[1:] for line in (root / PATCH).read_text(encoding="utf-8").splitlines() if line.startswith("+")}
    shown = re.search(r"(?s)_KNOWN_BAD = json.*?\n\)", page)[0].splitlines()
    assert set(shown) <= added, "the page shows lines of the patch"
