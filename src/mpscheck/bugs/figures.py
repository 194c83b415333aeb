"""What others measured of a bug and published: `catalogue/figures/<slug>.jsonl`, one row a line. Imports no torch.

They are *reported*: nobody here has run them. A row holds the numbers digit for digit as the source has them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from packaging.version import Version

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug, frozen, thread_url
from mpscheck.places import CATALOGUE

FOLDER = CATALOGUE / "figures"
BETA = "beta"


@dataclass(frozen=True)
class Figure:
    """One row: the fields of a `figure` in `catalogue/schema.json`; what is not known is None, empty or False."""

    what: str
    quantity: str
    mps: str
    source: str
    cpu: str | None = None
    of: str | None = None  # control or workaround; None: the call that the bug is about
    verdict: str | None = None  # wrong or right, as the source has it
    torch: tuple[str, ...] = ()
    macos: str | None = None
    chip: str | None = None
    virtual: bool = False
    date: str | None = None
    code: bool = False
    log: bool = False
    doubt: str | None = None

    @property
    def url(self) -> str:
        """Address of the thread, comment, run or file."""
        return self.source if self.source.startswith("https://") else thread_url(self.source)

    @property
    def origin(self) -> str:
        """Whose code it is: a thread, or a repository for a file of it."""
        return "/".join(self.source.split("/")[3:5]) if self.source.startswith("https://") else self.source

    @property
    def code_run(self) -> tuple[str, str, bool]:
        """What was run, and on which kind of GPU: the same for two rows that only versions, macOS and chip tell apart."""
        return self.origin, self.what, self.virtual

    @property
    def newest(self) -> Version | None:
        """The newest version that gave it."""
        return max(map(Version, self.torch), default=None)

    @property
    def could_settle(self) -> bool:
        """True if anybody can repeat it: public code, a named set-up that is no beta, the bug's own call, a verdict."""
        named = bool(self.torch) and self.chip is not None and self.macos is not None and BETA not in self.macos
        return self.code and named and self.of is None and self.verdict is not None and self.doubt is None


class Settled(NamedTuple):
    """What a published figure settles: this bug on this set-up is wrong or right, says the link."""

    torch: str
    macos: str
    chip: str
    virtual: bool
    verdict: str
    link: str


def read(path: Path) -> tuple[Figure, ...]:
    """The rows of one file. Raises BadBug for the first line that is wrong."""
    return tuple(
        Figure(**{name: frozen(value) for name, value in entry.items()})
        for _, entry in catalogue.entries(path, "figure")
    )


@lru_cache
def load(folder: Path = FOLDER) -> dict[str, tuple[Figure, ...]]:
    """All of them by slug. Raises BadBug, also where a file is named after no bug."""
    known = {bug.slug for bug in catalogue.all_bugs()}
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem not in known:
            raise catalogue.BadBug(f"{folder.name}/{path.name}: there is no bug {path.stem!r}: name it after its bug")
        found[path.stem] = read(path)
    return found


def of(slug: str, folder: Path = FOLDER) -> tuple[Figure, ...]:
    """Those of one bug; none where it has no file."""
    path = folder / f"{slug}.jsonl"
    return read(path) if path.is_file() else ()


def settling(bug: Bug, found: Iterable[Figure] | None = None) -> list[Settled]:
    """What published figures settle of a bug, a row a torch version; `found` are its figures, read where left out.

    Wrong settles by itself. Right does so only if the same code was seen wrong somewhere on the same kind of GPU: else it
    may never have met the bug.
    """
    rows = tuple(of(bug.slug) if found is None else found)
    wrong = {one.code_run for one in rows if one.code and one.torch and one.of is None and one.verdict == "wrong"}
    return [
        Settled(torch, one.macos, one.chip, one.virtual, one.verdict, one.url)
        for one in rows
        if one.could_settle and one.code_run in wrong
        for torch in one.torch
    ]
