"""Ranges of versions as PEP 440 has them, without the package `packaging`."""

import itertools
import runpy
import sys

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mpscheck.bugs import catalogue, versions
from mpscheck.tools import bundle
from mpscheck.tools.known import read_known

SPECIFIERS = sorted(
    {str(s) for bug in (*catalogue.with_check(), *catalogue.rows()) for s in (bug.affected, bug.macos) if s and str(s)}
)
TORCH = (
    "2.0.0 2.1.0.dev20230329 2.1.0.dev20230401 2.3.1 2.4 2.4.0 2.5 2.7.1 2.8.0 2.8.1 2.9.0.dev20250801 2.9.0a0 2.9.0 "
    "2.10 2.12.0 2.14 2.14.1 2.15.0"
).split()
MACOS = "12.3 13.3 14.9 15 15.0 15.1 15.6.1 26.6.2".split()


@pytest.mark.parametrize("specifier", SPECIFIERS)
def test_ranges_mean_what_packaging_says(specifier):
    for release in (*TORCH, *MACOS):
        version = Version(release)
        assert versions.contains(specifier, version) == SpecifierSet(specifier).contains(version, prereleases=True)


def test_what_is_no_range_is_refused():
    with pytest.raises(ValueError, match="no range of versions"):
        versions.ends_of(">2.8,~=2.9")


def test_torchs_own_class_does_as_well(monkeypatch):
    for name in ("packaging", "packaging.version"):
        monkeypatch.setitem(sys.modules, name, None)
    there = runpy.run_path(versions.__file__)
    assert there["Version"].__module__.startswith("torch.")
    assert there["state"](">=2.8,<2.9", None, ">=15", "2.8.0+cpu", "15.6.1") == "affected"


@pytest.mark.parametrize("affected", [">=2.7,<=2.8.0", "==2.8.0", ">=2.8,<2.9"])
def test_a_build_is_of_its_release(affected):
    assert [versions.state(affected, None, None, torch, None) for torch in ("2.8.0", "2.8.0+cpu")] == [
        "affected",
        "affected",
    ]


def test_the_tools_say_of_each_bug_what_the_site_says():
    bugs = {bug.slug: bug for bug in (*catalogue.with_check(), *catalogue.rows())}
    known = read_known(bundle.entries(catalogue.with_check()) + bundle.drafted())
    assert any(bug.unsure for bug in known)
    for bug in known:
        for torch, macos in itertools.product(TORCH, (None, "13.3", "15.1")):
            assert bug.state(torch, macos) == bugs[bug.slug].state(torch, macos), (bug.slug, torch, macos)
