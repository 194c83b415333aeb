"""What is known of a bug is read everywhere: nothing in it points at one machine or one network."""

import json
import re
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug

NAME = "local"
DESCRIPTION = "no paths of one machine, no host names of one network, no package index"

PATTERNS = {
    "a path of one machine": r"(?<![\w.])(?:/(?:home|root|Users|work|tmp|opt|mnt|private|var)/\w|~/\w|[A-Z]:\\)|file://",
    "a host of one network": r"\blocalhost\b|\b(?:127|10|192\.168)(?:\.\d+){2,3}\b|\b[\w-]+\.(?:local|internal|lan|corp)\b",
    "a package index": r"--(?:extra-)?index-url|\bpypi\b|\bpythonhosted\b|\bartifactory\b|\bjfrog\b",
}  # fmt: skip


def check(bug: Bug) -> Iterator[str]:
    text = bug.check.source if bug.check else json.dumps(bug.facts, ensure_ascii=False)
    for number, line in enumerate(text.splitlines(), 1):
        yield from (f"line {number}: {problem}" for problem in points(line))


def points(line: str) -> Iterator[str]:
    """What in a line points at one machine or one network."""
    for what, pattern in PATTERNS.items():
        match = re.search(pattern, line)
        if match:
            yield f"{match[0]!r} is {what}: take it out, others do not have it"
