"""What a run is expected to find, and when a finding is a surprise. Never held against itself."""

from dataclasses import dataclass

from mpscheck.bugs.bug import Bug
from mpscheck.known import said as sources
from mpscheck.known import setups
from mpscheck.known.measured import NONE, RIGHT, WRONG, Index
from mpscheck.runs import numerics

OF_OUTCOME = {WRONG: "affected", RIGHT: "not affected"}


@dataclass(frozen=True)
class Expected:
    """`affected`, `not affected` or `unknown`: as sources say, and as the run before on the same runner found."""

    said: str
    before: str
    kind: str  # of the bug

    def is_surprise(self, found: str) -> bool:
        """True if a finding is not what is said, or not what the run before found."""
        return any(is_surprise(found, expected, self.kind) for expected in (self.said, self.before))

    def is_doubtful(self, found: str) -> bool:
        """True if a finding is looked at again in a fresh process: a surprise, what failed, and what shows the bug.

        Wrong counts as measured only where two processes say it.
        """
        failed = found in numerics.NOT_RUN and found not in ("not-run", "unsupported")
        unclear = found == numerics.NOT_SEPARABLE  # perhaps the doing of others in the same process
        return self.is_surprise(found) or failed or unclear or found in numerics.SHOWS[self.kind]

    @property
    def words(self) -> str:
        """What is expected, for a person."""
        if self.before in ("unknown", self.said):
            return self.said
        return f"{self.said}; {self.before} in the run before"


def expected_on(bug: Bug, where: dict, earlier: Index = NONE) -> Expected:
    """What a run is expected to find: a claim is about mps, no other device is expected to be affected."""
    if where["device"].split(":")[0] != "mps":
        return Expected("not affected", "unknown", bug.kind)
    return Expected(sources.said(bug, setups.of_run(where)).state, before(bug, where, earlier), bug.kind)


def before(bug: Bug, where: dict, earlier: Index) -> str:
    """What the newest run before this one found, with the same torch on the runner of the same name.

    Where the claim tells minor versions of macOS apart, with the same one: the image of a runner gets newer.
    """
    if where["runner"] is None:
        return "unknown"
    mine = setups.key(bug, setups.of_run(where)).macos
    for m in earlier.of_torch(bug.slug, setups.release_of(where["torch"])):
        there = setups.key(bug, setups.of_run(m.provenance)).macos
        same = m.provenance["runner"] == where["runner"] and mine == there
        if same and m.provenance["date"] < where["date"] and m.outcome in OF_OUTCOME:
            return OF_OUTCOME[m.outcome]
    return "unknown"


def is_surprise(found: str, expected: str, kind: str) -> bool:
    """Strict both ways: affected that does not show, and not affected that shows anything but agreeing.

    What shows a bug depends on its kind. What was not run is no surprise; nor is an op that a healthy device lacks, but
    where the bug is that it raises.
    """
    if found == "not-run" or found in numerics.HINDERED:
        return False
    shows = numerics.SHOWS[kind]
    if expected == "affected":
        return found not in shows
    healthy = ("agrees",) if "unsupported" in shows else ("agrees", "unsupported")
    return expected == "not affected" and found not in healthy
