"""PyTorch's releases, versions of macOS and chips. Pure, but for reading `catalogue/torch-releases.json`."""

import json
from collections.abc import Iterable
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


def and_of_runs(ran: Iterable[str]) -> list[str]:
    """Our releases and those that runs alone know, oldest first; no builds between releases."""
    ours = {release.version for release in load()}
    return sorted(ours | {one for one in ran if not Version(one).is_prerelease}, key=Version)


def macos_of(bug: Bug) -> tuple[str, ...] | None:
    """The major versions of macOS on which an affected release is affected; None if the bug is tied to none."""
    if bug.macos is None:
        return None
    return tuple(m for m in MACOS if str(m) in bug.macos and f"{m}.99" in bug.macos)


def runs(labels: dict[str, object]) -> list[tuple]:
    """(label, first version, last version) for each run of versions with the same label, in the order given."""
    found = []
    for label, members in groupby(labels, key=labels.__getitem__):
        versions = list(members)
        found.append((label, versions[0], versions[-1]))
    return found
