"""What a run is expected to find, and when a finding is a surprise."""

from mpscheck.runs import numerics


def expected_on(bug, where: dict) -> str:
    """`sick`, `healthy` or `unknown`: a claim is about mps; every other device is expected healthy."""
    if where["device"].split(":")[0] != "mps":
        return "healthy"
    return bug.state(where["torch"], where["macos"])


def is_surprise(found: str, expected: str) -> bool:
    """Strict both ways: sick found healthy, and healthy found anything but agreeing (or without such a kernel)."""
    if expected == "sick":
        return found not in numerics.SICK
    return expected == "healthy" and found not in ("agrees", "unsupported")
