"""PyTorch's releases, and what is known of a bug on each of them. Pure, but for reading `catalogue/torch-releases.json`.

The pages and the published data take every state from here, so that no view and no script in the browser compares
versions by itself.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.places import CATALOGUE

FILE = CATALOGUE / "torch-releases.json"
MACOS = ("12", "13", "14", "15", "26", "27")  # Apple's numbers go from 15 to 26
CHIPS = ("M1", "M2", "M3", "M4", "M5", "AMD")
LETTERS = {"affected": "a", "unknown": "u", "not affected": "n"}


@dataclass(frozen=True)
class Release:
    """One release of PyTorch: version, day of release, and where these are known from."""

    version: str
    date: str
    source: str

    @property
    def minor(self) -> str:
        """`2.8` of `2.8.0`."""
        return ".".join(self.version.split(".")[:2])


@lru_cache
def load(path: Path = FILE) -> tuple[Release, ...]:
    """All releases, oldest first."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    found = [Release(entry["version"], entry["release_date"], entry["source"]) for entry in entries]
    return tuple(sorted(found, key=lambda release: Version(release.version)))


def state(bug: Bug, torch: str, macos: str | None = None, chip: str | None = None) -> str:
    """`affected`, `not affected` or `unknown` on a release, a major version of macOS and a chip; None stands for any.

    Affected on a major version of macOS only if that holds from its first to its last minor version, and on a chip only if
    the bug is tied to no other one.
    """
    minors = [None] if macos is None else [macos, f"{macos}.99"]
    found = {bug.state(torch, minor) for minor in minors}
    if len(found) > 1 or (chip is not None and bug.chips and chip not in bug.chips and "affected" in found):
        return "unknown"
    return found.pop()


def letters(bug: Bug, macos: str | None = None) -> str:
    """The state on each release, oldest first, one letter each: a, u or n."""
    return "".join(LETTERS[state(bug, release.version, macos)] for release in load())


def macos_of(bug: Bug) -> tuple[str, ...] | None:
    """The major versions of macOS on which an affected release is affected; None if the bug is tied to none."""
    if bug.macos is None:
        return None
    return tuple(m for m in MACOS if str(m) in bug.macos and f"{m}.99" in bug.macos)


def stretches(bug: Bug) -> list[tuple[str, str, str]]:
    """(state, first release, last release) for each stretch of releases with the same state, newest first."""
    return runs({release.version: state(bug, release.version) for release in load()})[::-1]


def runs(labels: dict[str, str]) -> list[tuple[str, str, str]]:
    """(label, first version, last version) for each run of versions with the same label, in the order given."""
    found = []
    for label, members in groupby(labels, key=labels.__getitem__):
        versions = list(members)
        found.append((label, versions[0], versions[-1]))
    return found
