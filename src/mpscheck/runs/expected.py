"""What a run is expected to find, and when a finding is a surprise."""

from mpscheck.runs import numerics


def expected_on(bug, where: dict) -> str:
    """`affected`, `not affected` or `unknown`: a claim is about mps; no other device is expected to be affected."""
    if where["device"].split(":")[0] != "mps":
        return "not affected"
    return bug.state(where["torch"], where["macos"])


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


def is_doubtful(found: str, expected: str, kind: str) -> bool:
    """Whether a finding is looked at again in a fresh process: a surprise, and what failed without being expected to."""
    as_expected = expected == "affected" and found in numerics.SHOWS[kind]
    failed = found in numerics.NOT_RUN and found not in ("not-run", "unsupported")
    return is_surprise(found, expected, kind) or (failed and not as_expected)
