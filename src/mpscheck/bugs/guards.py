"""What libraries do about `mps`: `catalogue/library-guards.jsonl`, one guard a line. Imports no torch.

Each was looked up in the library's source, at the commit or release that the row names. Nobody here has run it.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from packaging.version import Version

from mpscheck.bugs import catalogue, versions
from mpscheck.bugs.bug import frozen, thread_url
from mpscheck.places import CATALOGUE

FILE = CATALOGUE / "library-guards.jsonl"
IN_CODE = "in the code"


@dataclass(frozen=True)
class Guard:
    """One row: the fields of a `guard` in `catalogue/schema.json`; what is left out is None or empty."""

    library: str
    repo: str
    kind: str
    standing: str
    what: str
    why: str
    looked_up: str
    path: str | None = None
    at: str | None = None
    line: int | None = None
    condition: str | None = None
    torch: str | None = None
    macos: str | None = None
    threads: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    link: str | None = None
    note: str | None = None
    shows: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where it stands, at a commit or release; of one that is known from a pull request alone, that request."""
        if self.path is None:
            return thread_url(self.threads[0])
        return f"https://github.com/{self.repo}/blob/{self.at}/{self.path}" + (f"#L{self.line}" if self.line else "")

    @property
    def ends_at(self) -> Version | None:
        """The first version of PyTorch on which it no longer acts; None if it has no end."""
        ends = versions.ends_of(self.torch) if self.torch else []
        return next((end for comparator, end in ends if comparator == "<"), None)


@lru_cache
def load(path: Path = FILE) -> tuple[Guard, ...]:
    """All of them, in the file's order. Raises BadBug, also where one names a slug that is none."""
    known = {bug.slug for bug in catalogue.all_bugs()}
    found = []
    for place, entry in catalogue.entries(path, "guard"):
        strange = [slug for slug in entry.get("bugs", ()) if slug not in known]
        if strange:
            raise catalogue.BadBug(f"{place}: there is no bug {strange[0]!r}")
        found.append(Guard(**{name: frozen(value) for name, value in entry.items()}))
    return tuple(found)
