"""The published list of known-bad versions in the place of TransformerLens's own, in its real source.

The installed `transformer_lens/utilities/devices.py` is copied, the one line that holds the list is replaced by one that
reads `known-bad.json`, and its warning is asked on each release of PyTorch. The constant for the smallest safe version is
replaced in the same way where a test asks for it.
"""

import importlib.util
import inspect
import json
import re
import warnings

import pytest
import torch
from transformer_lens.utilities import devices

from mpscheck.known import releases

HAND_WRITTEN = re.compile(r"(?m)^_MPS_BROKEN_TORCH_VERSIONS.*$")
FROM_DATA = """\
import json
from pathlib import Path

_KNOWN_BAD = json.loads(Path(__file__).with_name("known-bad.json").read_text(encoding="utf-8"))
_MPS_BROKEN_TORCH_VERSIONS: tuple[tuple[int, ...], ...] = tuple(
    tuple(minor) for minor in _KNOWN_BAD["broken_for"]["TransformerLens"]
)"""
CONSTANT = re.compile(r"(?m)^_MPS_MIN_SAFE_TORCH_VERSION.*$")
SMALLEST = """
_MPS_MIN_SAFE_TORCH_VERSION = tuple(_KNOWN_BAD["smallest_for"]["TransformerLens"]["possible"] or ()) or None"""
MINORS = tuple(dict.fromkeys(release.minor for release in releases.load()))


@pytest.fixture
def known_bad(generated) -> dict:
    """The data as they are published."""
    return json.loads(generated["api/v1/known-bad.json"])


@pytest.fixture
def warned(tmp_path, monkeypatch):
    """What the changed module warns of for data, a version of PyTorch and a device, where the user has allowed mps."""
    monkeypatch.setenv("TRANSFORMERLENS_ALLOW_MPS", "1")

    def ask(data: dict, version: str, device: str = "mps", constant: bool = False) -> list[str]:
        source, replaced = HAND_WRITTEN.subn(FROM_DATA + SMALLEST * constant, inspect.getsource(devices))
        assert replaced == 1, "TransformerLens has changed the line that holds the list"
        if constant:
            source = CONSTANT.sub("", source, count=1)
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
    later = {**known_bad, "broken_for": {"TransformerLens": [[2, 8], [2, 99]]}}
    assert len(warned(later, "2.99.1")) == 1


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
    assert SMALLEST.strip() in page
