"""What sources say of a bug on a set-up, before anything is measured: state, what that rests on, and the shade of *unknown*.

Wheels (declared) come before release notes, these before threads; the catalogue holds one range a bug, each end with the
basis that won. A shade says how far unknown is from affected, and what that rests on: never a verdict.
"""

from dataclasses import dataclass

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.known.setups import Setup, fits_chips

NOTHING = "nothing"  # the basis of *unknown*
DECLARED = "declared"  # read in a wheel; all other bases are called as in the catalogue
RECENT = 2  # minor versions: what was seen so shortly before, with its thread open and no fix, is likely there still

LIKELY = "likely affected"
OPEN_OLD = "open, last seen in an old version"
OPEN_UNNAMED = "open, no version named"
CLOSED = "closed without a version"
THREAD_UNKNOWN = "state of the thread not known"
OLDER = "older than the oldest version seen"
BEFORE_FIX = "older than the fix, no version named"
UNSURE = "may have the fix already"
ELSEWHERE = "seen on another macOS or chip"
SHADES = {  # the nearest to affected first, and what each says
    LIKELY: "seen shortly before, the thread is open, no fix is known",
    ELSEWHERE: "sources name another macOS or chip alone",
    UNSURE: "a source leaves open whether this release has the fix",
    BEFORE_FIX: "a later release has a fix, no source names a version that had the fault",
    OPEN_OLD: "the thread is open, no fix is known, nobody has named a version near this one",
    OPEN_UNNAMED: "the thread is open, no fix is known, no source names a version",
    OLDER: "a newer version was seen affected, no source says when the fault came",
    CLOSED: "the thread is closed, no source names a version with a fix",
    THREAD_UNKNOWN: "no source says more, and whether the thread is open is not stored",
}


@dataclass(frozen=True)
class Said:
    """What sources say of one bug on one set-up."""

    state: str  # affected, not affected, unknown
    basis: str  # declared, release notes, merge date, thread, measured; nothing
    date: str = ""  # the day to which that is good: on which the thread was read, or the newest report's
    shade: str = ""  # of SHADES, where the state is unknown
    reason: str = ""  # what the shade rests on, in words


def said(bug: Bug, setup: Setup) -> Said:
    """What sources say; a major version of macOS is affected only if all of it is, a chip only if the bug is tied to no other."""
    state = _state(bug, setup)
    if state == "affected":
        return Said(state, _basis(bug.basis.get("seen", "unknown")), date_of(bug))
    if state == "not affected":
        healed = bug.fixed is not None and Version(setup.torch) >= bug.fixed
        basis = bug.basis.get("fixed", "unknown") if healed else bug.introduced["basis"]
        return Said(state, _basis(basis), date_of(bug))
    shade, reason = _shade(bug, setup)
    return Said(state, NOTHING, date_of(bug), shade, reason)


def versions_seen(bug: Bug) -> list[Version]:
    """The versions, builds between releases among them, that a source saw affected, oldest first."""
    ends = [one.version for one in bug.affected if one.operator in (">=", "<=", "==")]
    return sorted(map(Version, [*ends, *(entry["torch"] for entry in bug.reported if "torch" in entry)]))


def date_of(bug: Bug) -> str:
    """The day on which the thread was read; where that is not stored, of the newest report."""
    return bug.stored_date or max((entry["date"] for entry in bug.reported if "date" in entry), default="")


def _state(bug: Bug, setup: Setup) -> str:
    found = {bug.state(setup.torch, minor) for minor in _minors(setup)}
    if len(found) > 1 or ("affected" in found and not fits_chips(bug, setup)):
        return "unknown"
    return found.pop()


def _minors(setup: Setup) -> list[str | None]:
    """The first and the last minor version of a major one; the version itself where it has a minor, or is any."""
    return [setup.macos] if setup.macos is None or "." in setup.macos else [setup.macos, f"{setup.macos}.99"]


def _elsewhere(bug: Bug, setup: Setup) -> bool:
    """Whether sources speak of other machines alone."""
    tied = bug.macos is not None and setup.macos is not None
    return not fits_chips(bug, setup) or (tied and not all(minor in bug.macos for minor in _minors(setup)))


def _basis(word: str) -> str:
    return {"wheel": DECLARED, "unknown": NOTHING}.get(word, word)


def _shade(bug: Bug, setup: Setup) -> tuple[str, str]:
    """The shade of *unknown*, and what it rests on."""
    version, seen = Version(setup.torch), versions_seen(bug)
    last = seen[-1] if seen else None
    as_of = f" as of {bug.stored_date}" if bug.stored_date else ""
    if _elsewhere(bug, setup):
        tied = [f"macOS {bug.macos}"] if bug.macos is not None else []
        return ELSEWHERE, f"sources name {', '.join([*tied, *bug.chips])} alone"
    if any(version.release[: len(one)] == one for one in (Version(text).release for text in bug.unsure)):
        return UNSURE, "this release may have the fix already"
    if seen and version < seen[0]:
        return OLDER, f"seen in {seen[0]}; no source says whether older versions have it"
    if bug.fixed is not None:
        return BEFORE_FIX, f"fixed in {bug.fixed}; no source names a version that had it"
    named = f"last seen in {last}" if last is not None else "no source names a version"
    thread = {
        True: f"the thread is open{as_of}",
        False: f"the thread is closed{as_of}",
        None: "is the thread open? not stored",
    }
    reason = f"{named}; {thread[bug.open_as_stored]}; no fix is stated"
    if bug.open_as_stored is None:
        return THREAD_UNKNOWN, reason
    if not bug.open_as_stored:
        return CLOSED, reason
    if last is None:
        return OPEN_UNNAMED, reason
    near = version.major == last.major and version.minor - last.minor <= RECENT
    return (LIKELY if near else OPEN_OLD), reason
