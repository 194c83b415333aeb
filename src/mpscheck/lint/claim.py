"""The claim says in one sentence what goes wrong."""

import re
from collections.abc import Iterator

from mpscheck.bugs.bug import Bug

NAME = "claim"
DESCRIPTION = "the claim is one sentence that names the call in backticks, and no version of PyTorch"

LONGEST = 110  # it heads a page and stands in tables
VERSION = re.compile(r"(?<![\w.*#])(1\.1[2-4]|2\.\d{1,2})(\.\d+)?(?![\w.]*\d)")


def check(bug: Bug) -> Iterator[str]:
    if not bug.claim.endswith("."):
        yield f"the claim ends in {bug.claim[-1:]!r}: it is one sentence on one line, with a period"
    if not re.search(r"`[^`]+`", bug.claim):
        yield "the claim names no call in backticks: say which, as in `F.linear` reads …"
    if len(bug.claim) > LONGEST:
        yield f"the claim has {len(bug.claim)} characters: at most {LONGEST}; move details to the explanation"
    for said in (bug.claim, bug.when):  # what is said twice comes apart when the range is corrected
        if match := VERSION.search(said):
            yield f"{said!r} names the version {match[0]}: affected, introduced and reported do that"
