"""The version of macOS is what `sw_vers` says, also where Python says another (python/cpython#135675)."""

import platform
import runpy
import sys

import pytest
import torch

from mpscheck.runs import provenance
from mpscheck.runs.macos import macos_version
from mpscheck.tools.audit.command import asked_versions
from mpscheck.tools.known import Known
from mpscheck.tools.locate import command as locate
from mpscheck.tools.locate.recognize import Recognized
from mpscheck.tools.locate.text import bug_lines

FROM_26_ON = Known(
    slug="only-on-26",
    claim="A call is wrong.",
    when="",
    issue="pytorch/pytorch#1",
    url="https://github.com/pytorch/pytorch/issues/1",
    kind="wrong",
    affected=f">={torch.__version__.partition('+')[0]}",
    introduced=None,
    macos=">=26",
    chips=(),
    workaround=None,
    page="",
    triggers=(),
)


@pytest.fixture(autouse=True)
def not_kept():
    macos_version.cache_clear()
    yield
    macos_version.cache_clear()


@pytest.fixture
def mac(tmp_path, monkeypatch):
    """mac(text): a Mac whose Python was built against an old SDK, and whose `sw_vers` prints this; None: it has none."""

    def make(text: str | None) -> None:
        if text is not None:
            tool = tmp_path / "sw_vers"
            # As Apple's own does, it tells the old story to who does not ask for the real version.
            tool.write_text(f'#!/bin/sh\n[ "$SYSTEM_VERSION_COMPAT" = 0 ] && echo "{text}" || echo "16.1"\n')
            tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.setenv("SYSTEM_VERSION_COMPAT", "1")
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr(platform, "mac_ver", lambda *rest: ("16.1", ("", "", ""), "arm64"))

    return make


def test_a_python_that_says_16_is_on_26_for_run_audit_and_locate(mac):
    mac("26.1")
    assert macos_version() == "26.1"
    assert provenance.collect("cpu")["macos"] == "26.1"
    assert asked_versions(None, None) == (torch.__version__, "26.1")
    assert asked_versions("2.8.0", "15") == ("2.8.0", "15")
    assert f"{torch.__version__} is affected" in "\n".join(bug_lines(Recognized(fits=(FROM_26_ON,))))
    assert ", macOS 26.1" in locate.locate(torch.nn.ReLU(), torch.ones(2), device="emu", known=()).subject


def test_a_bug_of_26_is_not_sick_on_15(mac):
    mac("15.6.1")
    assert f"{torch.__version__} is unknown" in "\n".join(bug_lines(Recognized(fits=(FROM_26_ON,))))


@pytest.mark.parametrize("said", [None, "", "command not found"])
def test_without_sw_vers_the_version_is_unknown_and_not_what_python_says(mac, said):
    mac(said)
    assert macos_version() is None
    assert provenance.collect("cpu")["macos"] is None
    assert asked_versions(None, None) == (torch.__version__, None)


def test_validate_says_what_sw_vers_says(mac, root):
    mac("ProductVersion: 26.1")
    said = runpy.run_path(str(root / "snippets/validate_mps.py"))["environment"]("cpu")
    assert "26.1" in said["system"] and "16.1" not in said["system"]


def test_nothing_else_asks_python(root):
    """The one helper is used everywhere: who asks `platform` would be told 16."""
    files = [
        *(root / "scripts").rglob("*.py"),
        *(root / "src").rglob("*.py"),
        *(root / "snippets").glob("*.py"),
        *(root / "snippets/bugs").glob("*.py"),
    ]
    built = {"audit_mps.py", "locate_divergence.py"}
    assert [f.name for f in files if f.name not in built and "mac_ver" in f.read_text(encoding="utf-8")] == []
