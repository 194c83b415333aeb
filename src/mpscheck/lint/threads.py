"""A thread is named once, and a report says when it was made."""

from collections.abc import Iterator
from datetime import date

from mpscheck.bugs.bug import Bug

NAME = "threads"
DESCRIPTION = "no thread is named twice; reports have a real date, and are there where a thread saw the bug"


def check(bug: Bug) -> Iterator[str]:
    for thread in bug.also:
        if thread in (bug.issue, bug.fixed_pr):
            yield f"also names {thread} although it is named already: leave it out"
    for entry in bug.reported:
        if "date" in entry and not is_day(entry["date"]):
            yield f'reported {entry["thread"]}: date {entry["date"]!r} is no day: expected one, such as "2025-09-17"'
    if bug.basis["seen"] == "thread" and not bug.reported:
        yield "basis.seen is a thread, but reported is empty: add {thread, date, torch} of the report that saw the bug"


def is_day(text: str) -> bool:
    """True for a date that exists, as 2025-09-17."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
