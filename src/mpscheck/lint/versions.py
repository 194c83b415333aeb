"""The affected versions are bounded on both sides, and each end says where it is known from."""

from collections.abc import Iterator

from packaging.specifiers import Specifier
from packaging.version import InvalidVersion, Version

from mpscheck.bugs.catalogue import Bug

NAME = "versions"
DESCRIPTION = "affected, introduced and macos are bounded as their basis allows; a stated fix has its pull request"

SHAPES = ({">=", "<"}, {">=", "<="}, {"=="}, {"<"})
NAMED_BY_PULL_REQUEST = ("merge date", "release notes")


def check(bug: Bug) -> Iterator[str]:
    stated = f'affected = "{bug.metadata["affected"]}"'
    ends = {spec.operator: spec.version for spec in bug.affected}
    if set(ends) not in SHAPES or len(ends) != len(bug.affected) or not all(map(_is_version, ends.values())):
        yield (
            f'{stated}: expected ">=A,<B" (B has the fix), ">=A,<=B" (B was last seen affected), "==A" (the only one seen '
            'affected) or "<B" (no thread names an affected version), where A is the oldest version seen affected'
        )
        return
    if (bug.basis["seen"] == "unknown") != (set(ends) == {"<"}):
        yield f'{stated} and basis.seen = "{bug.basis["seen"]}" contradict: "<B" and unknown go together'
    yield from _order(ends, stated)
    yield from _fix(bug, "<" in ends, stated)
    if bug.introduced is not None:
        yield from _introduced(bug, ends.get(">=") or ends.get("==") or ends["<"])
    if not all(map(_is_macos, bug.macos or ())):
        yield f'macos = "{bug.macos}": expected macOS versions (12 or later) with >=, <, <= or ==, such as ">=15"'


def _is_version(text: str) -> bool:
    try:
        return bool(Version(text))
    except InvalidVersion:  # such as the wildcard 2.8.*
        return False


def _is_macos(spec: Specifier) -> bool:
    return spec.operator in (">=", "<", "<=", "==") and _is_version(spec.version) and Version(spec.version).major >= 12


def _order(ends: dict[str, str], stated: str) -> Iterator[str]:
    upper = ends.get("<") or ends.get("<=")
    if upper is None or ">=" not in ends:
        return
    lower, upper = Version(ends[">="]), Version(upper)
    if lower > upper or (lower == upper and "<" in ends):
        yield f"{stated} holds no version: the lower end must be below the upper one"


def _fix(bug: Bug, fixed: bool, stated: str) -> Iterator[str]:
    basis = bug.basis["fixed"]
    if fixed and basis == "unknown":
        yield (
            f"{stated} states a fix, but basis.fixed is unknown: say what the fix is known from, or end the range by <= "
            "and the version last seen affected"
        )
    if not fixed and basis != "unknown":
        yield (
            f"basis.fixed is {basis!r}, but {stated} states no fix: end the range by < and the first version with the "
            'fix, or say fixed = "unknown"'
        )
    if fixed and basis in NAMED_BY_PULL_REQUEST and bug.fixed_pr is None:
        yield f'the fix is known from the {basis}, which name a pull request: add fixed_pr = "owner/repository#number"'


def _introduced(bug: Bug, oldest_sick: str) -> Iterator[str]:
    version = bug.introduced["version"]
    if not _is_version(version):
        yield f'introduced.version = "{version}" is no version: expected one, such as "2.8"'
    elif Version(version) > Version(oldest_sick):
        yield f"introduced in {version}, but seen affected in {oldest_sick}, which is older: one of them is mistaken"
    if bug.introduced["basis"] == "unknown":
        yield "introduced.basis is unknown: leave introduced out, older versions are then unknown"
