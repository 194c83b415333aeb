"""What a run is expected to find, and when a finding is a surprise."""

from mpscheck.runs import numerics


def expected_on(bug, where: dict) -> str:
    """`affected`, `not affected` or `unknown`: a claim is about mps; no other device is expected to be affected."""
    if where["device"].split(":")[0] != "mps":
        return "not affected"
    return bug.state(where["torch"], where["macos"])


def is_surprise(found: str, expected: str) -> bool:
    """Strict both ways: affected found right, and not affected found anything but agreeing (or without such a kernel)."""
    if expected == "affected":
        return found not in numerics.SICK
    return expected == "not affected" and found not in ("agrees", "unsupported")
