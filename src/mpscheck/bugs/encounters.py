"""What users met: `catalogue/reports.jsonl`, one public report of a user a line. Nothing here imports torch."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import thread_url
from mpscheck.places import CATALOGUE

FILE = CATALOGUE / "reports.jsonl"


@dataclass(frozen=True)
class Encounter:
    """What one user met, and the bugs behind it as far as they are known."""

    thread: str  # owner/repository#number, or the address of a page
    also: tuple[str, ...]
    who: str  # project or setting
    summary: str
    op: str | None
    bugs: tuple[str, ...]  # slugs
    link: str | None  # same thread, stated or inferred; None without bugs
    torch: str | None  # in the thread's words, as macos and chip
    macos: str | None
    chip: str | None
    figures: dict
    resolved_by: str | None
    confidence: str  # of the symptom: high, medium or low

    @property
    def url(self) -> str:
        """Address of the thread or page."""
        return self.thread if self.thread.startswith("https://") else thread_url(self.thread)


@lru_cache
def load(path: Path = FILE) -> tuple[Encounter, ...]:
    """All of them, in the file's order. Raises BadBug, also where one names a slug that is none."""
    known = {bug.slug for bug in catalogue.all_bugs()}
    found = []
    for place, entry in catalogue.entries(path, "report"):
        strange = [slug for slug in entry["bugs"] if slug not in known]
        if strange:
            raise catalogue.BadBug(f"{place}: there is no bug {strange[0]!r}")
        found.append(Encounter(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}))
    return tuple(found)


def with_bug(slug: str) -> tuple[Encounter, ...]:
    """Those of users who met a bug."""
    return tuple(one for one in load() if slug in one.bugs)
