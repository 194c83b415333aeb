"""Is a bug sick on a torch and macOS version? Only ever `sick`, `healthy` or `unknown`."""

from __future__ import annotations

try:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version
except ImportError:  # a plain torch brings its own copy
    from torch._vendor.packaging.specifiers import SpecifierSet
    from torch._vendor.packaging.version import Version


def state(affected: str, introduced: str | None, macos_range: str | None, torch: str, macos: str | None) -> str:
    """What is known of one bug on one Mac.

    Args:
        affected: PEP 440 specifier; its lower bound is the oldest version seen sick, "<X" the fix, "<=X" the last seen.
        introduced: first bad version, if a source says that older ones are right.
        macos_range: specifier of the macOS versions that matter, None if the thread names none.
        torch, macos: the versions asked for; macos None if not known.

    Sick only between the oldest version seen sick and the fix; healthy only where a source says so.
    """
    specifiers, version = SpecifierSet(affected), Version(torch.split("+")[0])
    fixed = [Version(s.version) for s in specifiers if s.operator == "<"]
    if fixed and version >= fixed[0]:
        return "healthy"
    if introduced is not None and version < Version(introduced):
        return "healthy"
    seen = any(s.operator in (">=", "==") for s in specifiers)
    if not seen or not specifiers.contains(version, prereleases=True):
        return "unknown"
    if macos_range is not None and macos is not None and not SpecifierSet(macos_range).contains(Version(macos)):
        return "unknown"
    return "sick"
