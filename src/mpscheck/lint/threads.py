"""Threads are named so that a page can link them, and a report says where and when it was made."""

import re
from collections.abc import Iterator
from datetime import date

from packaging.version import InvalidVersion, Version

from mpscheck.bugs.catalogue import Bug

NAME = "threads"
DESCRIPTION = "issue, also, fixed_pr and reported threads are owner/repository#number; reports have a date and versions"

REFERENCE = re.compile(r"[\w.-]+/[\w.-]+#[1-9]\d*")


def check(bug: Bug) -> Iterator[str]:
    named = [("issue", bug.issue), *(("also", thread) for thread in bug.also)]
    named += [("fixed_pr", bug.fixed_pr)] if bug.fixed_pr else []
    named += [("reported thread", entry["thread"]) for entry in bug.reported]
    for field, thread in named:
        if not REFERENCE.fullmatch(thread):
            yield f"{field} {thread!r} is no thread: expected owner/repository#number, such as pytorch/pytorch#161640"
    for thread in {t for t in bug.also if bug.also.count(t) > 1 or t == bug.issue}:
        yield f"also names {thread} although it is named already: leave it out"
    for entry in bug.reported:
        yield from _report(entry)
    if bug.basis["seen"] == "thread" and not bug.reported:
        yield "basis.seen is a thread, but reported is empty: add { thread, date } of the report that saw the bug"


def _report(entry: dict) -> Iterator[str]:
    if not _is_day(entry["date"]):
        yield f'reported {entry["thread"]}: date {entry["date"]!r} is no day: expected date = "2025-09-17"'
    for field in ("torch", "macos"):
        if field in entry and not _is_version(entry[field]):
            yield f'reported {entry["thread"]}: {field} {entry[field]!r} is no version: expected one, such as "2.8.0"'


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_version(text: str) -> bool:
    try:
        return bool(Version(text))
    except InvalidVersion:
        return False
