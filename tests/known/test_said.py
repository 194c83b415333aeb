"""What sources say, and how far *unknown* is from affected: each shade with what it rests on."""

import dataclasses

import pytest
from packaging.specifiers import SpecifierSet

from mpscheck.bugs import catalogue
from mpscheck.known import releases, said
from mpscheck.known.said import SHADES
from mpscheck.known.setups import Setup

NEWEST = releases.load()[-1].version


@pytest.fixture
def bug(linear):
    """A bug of which no source says anything; its thread was open on the day on which it was read."""
    nothing = {"seen": "unknown", "fixed": "unknown"}
    return dataclasses.replace(
        linear, affected=SpecifierSet(""), introduced=None, basis=nothing, macos=None, reported=(), met_in=(),
        open_as_stored=True, stored_date="2026-11-24",
    )  # fmt: skip


def shade(bug, torch="2.15.0", macos=None, **changes):
    changes |= {"affected": SpecifierSet(changes["affected"])} if "affected" in changes else {}
    found = said.said(dataclasses.replace(bug, **changes), Setup(torch, macos))
    assert (found.state, found.basis) == ("unknown", "nothing")
    assert found.reason and found.shade in SHADES
    return found.shade, found.reason


def test_seen_shortly_before_and_open_without_a_fix_is_likely_affected(bug):
    for last in (">=2.12,<=2.13", "==2.14.0"):
        found, reason = shade(bug, affected=last)
        assert found == "likely affected"
        assert "the thread is open as of 2026-11-24" in reason and "no fix is stated" in reason
    build = [{"thread": "pytorch/pytorch#1", "torch": "2.15.0.dev20260919"}]
    assert shade(bug, reported=tuple(build)) == (
        "likely affected",
        "last seen in 2.15.0.dev20260919; the thread is open as of 2026-11-24; no fix is stated",
    )


def test_last_seen_long_before_is_open_in_an_old_version(bug):
    found, reason = shade(bug, affected=">=2.4,<=2.12")
    assert found == "open, last seen in an old version" and reason.startswith("last seen in 2.12;")


def test_open_and_no_version_named(bug):
    found, reason = shade(bug)
    assert found == "open, no version named" and reason.startswith("no source names a version;")


def test_closed_without_a_version(bug):
    found, reason = shade(bug, open_as_stored=False, affected="==2.14.0")
    assert found == "closed without a version" and "closed as of 2026-11-24" in reason


def test_a_thread_of_which_nothing_is_stored(bug):
    found, reason = shade(bug, open_as_stored=None, stored_date=None)
    assert found == "state of the thread not known" and "not stored" in reason


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"torch": "2.3.0", "affected": ">=2.4,<=2.14"}, "older than the oldest version seen"),
        ({"torch": "2.3.0", "affected": "<2.5"}, "older than the fix, no version named"),
        ({"torch": "2.4.1", "affected": ">=2.4,<2.5", "unsure": ("2.4.1",)}, "may have the fix already"),
        ({"torch": "2.4.1", "affected": ">=2.4,<2.5", "macos": SpecifierSet(">=15")}, "seen on another macOS or chip"),
    ],
)
def test_of_releases_before_a_fix_and_of_other_machines(bug, changes, expected):
    asked = {"macos": SpecifierSet(">=15")} if "macos" in changes else {}
    torch = changes.pop("torch")
    changes.pop("macos", None)
    there = dataclasses.replace(bug, **asked)
    assert shade(there, torch, "14" if asked else None, **changes)[0] == expected


def test_what_is_likely_on_one_chip_is_not_on_another(bug):
    tied = dataclasses.replace(bug, affected=SpecifierSet("==2.14.0"), chips=("M1", "M2"))
    shades = [said.said(tied, Setup("2.15.0", chip=chip)).shade for chip in (None, "M1", "M4")]
    assert shades == ["likely affected", "likely affected", "seen on another macOS or chip"]


def test_every_unknown_of_the_catalogue_has_a_shade_and_nothing_else_has(known):
    for one in known:
        for release in releases.load():
            found = said.said(one.bug, Setup(release.version))
            assert (found.shade in SHADES) == (found.state == "unknown"), one.slug


def test_what_is_likely_in_the_newest_release_was_seen_shortly_before_it():
    """The shades that the page of the newest release opens with, held against the rows themselves."""
    likely = [b for b in catalogue.all_bugs() if said.said(b, Setup(NEWEST)).shade == said.LIKELY]
    assert likely
    for bug in likely:
        assert bug.open_as_stored and bug.fixed is None
        assert said.versions_seen(bug)[-1].minor >= 13


def test_a_wheel_is_declared_and_comes_first(linear):
    read = dataclasses.replace(linear, basis={"seen": "wheel", "fixed": "release notes"})
    bases = {torch: said.said(read, Setup(torch)).basis for torch in ("2.7.1", "2.8.0", "2.9.0")}
    assert bases == {"2.7.1": "declared", "2.8.0": "declared", "2.9.0": "release notes"}
