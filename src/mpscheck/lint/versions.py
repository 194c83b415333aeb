"""The affected versions are bounded on both sides, each end says where it is known from, and no report contradicts them."""

from collections.abc import Iterator

from packaging.specifiers import Specifier
from packaging.version import InvalidVersion, Version

from mpscheck.bugs.bug import Bug
from mpscheck.known import releases

NAME = "versions"
DESCRIPTION = (
    "the ends of affected, introduced and macos are what their basis and the reports say; a fix has its pull request"
)

SHAPES = ({">=", "<"}, {">=", "<="}, {"=="}, {"<"}, set())
NAMED_BY_PULL_REQUEST = ("merge date", "release notes")


def check(bug: Bug) -> Iterator[str]:
    stated = f'affected = "{bug.facts["affected"]}"' if "affected" in bug.facts else "no affected"
    ends = {spec.operator: spec.version for spec in bug.affected}
    if set(ends) not in SHAPES or len(ends) != len(bug.affected) or not all(map(_is_version, ends.values())):
        yield (
            f'{stated}: expected ">=A,<B" (B has the fix), ">=A,<=B" (B was last seen affected), "==A" (the only one seen '
            'affected) or "<B" (no thread names an affected version), where A is the oldest version seen affected'
        )
        return
    oldest = ends.get(">=") or ends.get("==")
    if (bug.basis["seen"] == "unknown") != (oldest is None):
        yield f'{stated} and basis.seen = "{bug.basis["seen"]}" contradict: no oldest version and unknown go together'
    yield from _order(ends, stated)
    yield from _fix(bug, "<" in ends, stated)
    if bug.introduced is not None:
        yield from _introduced(bug, oldest)
    if not all(map(_is_macos, bug.macos or ())):
        yield f'macos = "{bug.macos}": expected macOS versions (12 or later) with >=, <, <= or ==, such as ">=15"'
    yield from _unsure(bug, oldest)
    yield from _reports(bug, ends, oldest)
    there = [release.version for release in releases.load() if bug.state(release.version) == "affected"]
    if bug.in_a_release is False and there:
        yield f"in_a_release is False, but {stated} makes {', '.join(there)} affected: one of them is mistaken"


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
            'fix, or say "fixed": "unknown"'
        )
    if fixed and basis in NAMED_BY_PULL_REQUEST and bug.fixed_pr is None:
        yield f'the fix is known from the {basis}, which name a pull request: add "fixed_pr": "owner/repository#number"'


def _introduced(bug: Bug, oldest: str | None) -> Iterator[str]:
    version = bug.introduced["version"]
    if oldest is not None and Version(version) > Version(Version(oldest).base_version):
        yield f"introduced in {version}, but seen affected in {oldest}, which is older: one of them is mistaken"
    if bug.fixed is not None and Version(version) >= bug.fixed:
        yield f"introduced in {version}, but fixed in {bug.fixed}: a fault comes before its fix"
    if bug.introduced["basis"] == "unknown":
        yield "introduced.basis is unknown: leave introduced out, older versions are then unknown"


def _unsure(bug: Bug, oldest: str | None) -> Iterator[str]:
    for release in bug.unsure:
        if oldest is None or Version(f"{release}.99") < Version(oldest):
            yield f"unsure names {release}, which is not within affected: only a version within it can be unsure"


def _reports(bug: Bug, ends: dict[str, str], oldest: str | None) -> Iterator[str]:
    """A version in which a thread saw the bug lies within `affected`."""
    seen = [Version(entry["torch"]) for entry in bug.reported if "torch" in entry]
    last = ends.get("<=") or ends.get("==")
    for version in (version for version in seen if not _is_build_of_main_beside(version, bug.fixed)):
        if oldest is None or version < Version(oldest):
            yield f"a report saw it in {version}, which is older than the oldest version seen affected: {oldest or 'none'}"
        elif last is not None and version > Version(last):
            yield f"a report saw it in {version}, which is newer than the version last seen affected: {last}"
        elif bug.fixed is not None and version >= bug.fixed:
            yield f"a report saw it in {version}, which has the fix of {bug.fixed}: one of them is mistaken"
    if bug.basis["seen"] == "thread" and oldest is not None and Version(oldest) not in seen:
        yield f"basis.seen is a thread, but no report has torch {oldest}: name the report, or another basis"


def _is_build_of_main_beside(version: Version, fix: Version | None) -> bool:
    """A build of main has the number of the next release, also before the fix was picked onto this one's branch."""
    return fix is not None and version.is_prerelease and version.release[:2] == (fix.major, fix.minor + 1)
