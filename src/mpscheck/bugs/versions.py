"""Is a torch and macOS version affected by a bug? Only ever `affected`, `not affected` or `unknown`."""

from __future__ import annotations

import operator
import re

try:
    from packaging.version import Version
except ImportError:  # every torch has this class, wherever it takes it from
    from torch.torch_version import Version

SPECIFIERS = {">=": operator.ge, "<=": operator.le, "==": operator.eq, "<": operator.lt}


def ends_of(specifier: str) -> list[tuple[str, Version]]:
    """The parts of a specifier of versions: ">=2.8,<2.9" gives (">=", 2.8) and ("<", 2.9). Raises ValueError."""
    parts = [re.fullmatch(r"\s*(>=|<=|==|<)\s*(\S+)\s*", part) for part in specifier.split(",")]
    if None in parts:
        raise ValueError(f"{specifier!r} is no range of versions: >=, <=, ==, < and a version, joined by commas")
    return [(part.group(1), Version(part.group(2))) for part in parts]


def in_order(specifier: str) -> str:
    """A range of versions with its lower end first."""
    return ", ".join(sorted(specifier.split(","), key=lambda part: part.startswith("<")))


def contains(specifier: str, version: Version) -> bool:
    """Whether a version is within all parts. As in PEP 440, nightlies of 2.9 are not within `<2.9`."""

    def within(comparator: str, end: Version) -> bool:
        if comparator == "<" and version.is_prerelease and Version(version.base_version) == end:
            return False
        return SPECIFIERS[comparator](version, end)

    return all(within(comparator, end) for comparator, end in ends_of(specifier))


def told_apart(macos: str | None, macos_range: str | None) -> str | None:
    """A version of macOS with no more parts than a range tells apart: of 26.4.1, `>=15` leaves 26 and `<26.4` leaves 26.4."""
    if macos is None:
        return None
    parts = max((len(end.release) for _, end in ends_of(macos_range)), default=1) if macos_range else 1
    return ".".join(macos.split(".")[:parts])


def state(
    affected: str,
    introduced: str | None,
    macos_range: str | None,
    torch: str,
    macos: str | None,
    unsure: tuple[str, ...] = (),
) -> str:
    """What is known of one bug on one Mac.

    Args:
        affected: PEP 440 specifier; its lower bound is the oldest version seen affected, "<X" the fix, "<=X" the last seen.
            Empty if no version is known.
        introduced: first bad version, if a source says that older ones are right.
        macos_range: specifier of the macOS versions that matter, None if the thread names none.
        torch, macos: the versions asked for; macos None if not known.
        unsure: releases within `affected` ("2.5", "2.9.0") that may have the fix already.

    Affected only between the oldest version seen affected and the fix; not affected only where a source says so.
    """
    version = Version(torch.split("+")[0])
    releases = [Version(text).release for text in unsure]
    if not affected or any(version.release[: len(release)] == release for release in releases):
        return "unknown"
    ends = ends_of(affected)
    fixed = [end for comparator, end in ends if comparator == "<"]
    if fixed and version >= fixed[0]:
        return "not affected"
    if introduced is not None and version < Version(introduced):
        return "not affected"
    seen = any(comparator in (">=", "==") for comparator, _ in ends)
    if not seen or not contains(affected, version):
        return "unknown"
    if macos_range is not None and macos is not None and not contains(macos_range, Version(macos)):
        return "unknown"
    return "affected"
