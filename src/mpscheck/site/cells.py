"""The cells of the matrix: what is known of each bug of a family on each release, for each macOS and kind of GPU. Pure."""

from dataclasses import dataclass
from itertools import groupby

from mpscheck.known import releases, said
from mpscheck.known.answer import CONTRADICTION, MEASURED, NOT_AFFECTED, UNVERIFIED, Answer
from mpscheck.known.entry import Entry
from mpscheck.known.measured import DISAGREE, ONCE, OUTDATED, RIGHT, WRONG
from mpscheck.known.setups import Setup
from mpscheck.site.escape import line

GPUS = {"": None, "real": False, "virtual": True}
ANY = "/"  # macOS and GPU of a question, with nothing on either side of the stroke where any is meant
WORDS = {WRONG: "wrong", ONCE: "wrong once", RIGHT: "agreed", DISAGREE: "both", OUTDATED: "outdated"}


@dataclass(frozen=True)
class Cell:
    """What one cell shows, and what it says when asked."""

    signs: str  # classes: the letter of the state; m, it rests on runs; v, on unverified ones alone; l, likely affected
    state: str
    word: str  # what runs gave, in a word or two; empty where there is none
    because: str
    date: str


@dataclass(frozen=True)
class Column:
    """Releases of which the same is known, newest first, and what runs gave there: lines by slug."""

    versions: tuple[str, ...]
    runs: dict[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """`2.8.0`, `2.1.0 to 2.1.2`."""
        return self.versions[0] if len(self.versions) == 1 else f"{self.versions[-1]} to {self.versions[0]}"


@dataclass(frozen=True)
class Grid:
    """The matrix of some bugs: columns, newest first, and for each bug the cells of a question."""

    columns: tuple[Column, ...]
    cells: dict[
        str, dict[str, tuple[Cell, ...]]
    ]  # by slug and question; a question that is not there is answered as ANY


def cell(one: Answer) -> Cell:
    """What a cell shows of an answer."""
    settled = one.basis in (MEASURED, UNVERIFIED)
    signs = [one.letter, "m" * settled, "v" * (one.basis == UNVERIFIED), "l" * (one.shade == said.LIKELY)]
    word = WORDS.get(one.found, one.found.replace("-", " "))
    if one.found == RIGHT and settled and one.state in (NOT_AFFECTED, CONTRADICTION):
        word = "right"
    state = said.LIKELY if one.shade == said.LIKELY else one.state
    return Cell(" ".join(filter(None, signs)), state, word, line(one.because, 400), one.date)


def macos(entries: list[Entry]) -> list[str]:
    """The major versions of macOS that can be asked about, newest first."""
    ran = {setup.macos.split(".")[0] for entry in entries for setup in entry.index.setups(entry.slug) if setup.macos}
    return sorted({*releases.MACOS, *ran}, key=int, reverse=True)


def grid(entries: list[Entry], torch: list[str], systems: list[str]) -> Grid:
    """The matrix of these bugs. Neighbours of which the same is known of every bug, on every macOS and GPU, are one column."""
    found = [
        ({entry.slug: _answers(entry, version, systems) for entry in entries}, _runs(entries, version))
        for version in torch
    ]
    columns, cells = [], {entry.slug: {} for entry in entries}
    for _, members in groupby(range(len(torch)), key=lambda n: found.index(found[n])):
        places = list(members)
        answers, runs = found[places[0]]
        columns.append((answers, Column(tuple(torch[n] for n in places), runs)))
    for entry in entries:
        mine = [answers[entry.slug] for answers, _ in columns]
        for question in dict.fromkeys(question for answers in mine for question in answers):
            row = tuple(answers.get(question, answers[ANY]) for answers in mine)
            if question == ANY or row != cells[entry.slug][ANY]:
                cells[entry.slug][question] = row
    return Grid(tuple(column for _, column in columns), cells)


def _answers(entry: Entry, version: str, systems: list[str]) -> dict[str, Cell]:
    """The cell of each question; of ANY alone where nothing tells one macOS or GPU from another."""
    bug, there = entry.bug, entry.index.at(entry.slug, version)
    found = {ANY: cell(entry.on(version))}
    if bug.macos is None and not bug.chips and not there:
        return found
    tells = {system for system in systems if bug.macos is not None or any(_is(setup, system) for setup in there)}
    known: dict[tuple, Cell] = {}  # all systems that nothing tells apart have one answer
    for system in ("", *systems):
        for gpu, virtual in GPUS.items():
            same = (system if system in tells or not system else "another", virtual)
            if same not in known:
                known[same] = cell(entry.on(version, system or None, virtual))
            found[f"{system}/{gpu}"] = known[same]
    return found


def _is(setup: Setup, system: str) -> bool:
    return setup.macos is not None and setup.macos.split(".")[0] == system


def _runs(entries: list[Entry], version: str) -> dict[str, tuple[str, ...]]:
    """What runs gave of each bug on a release, a line a set-up."""
    found = {}
    for entry in entries:
        if entry.index.at(entry.slug, version):
            there = [pair for pair in entry.measured_on if pair[0].torch == version]
            found[entry.slug] = tuple(_line(setup, one) for setup, one in sorted(there, key=lambda pair: str(pair[0])))
    return found


def _line(setup: Setup, one: Answer) -> str:
    """`torch 2.8.0, macOS 15, a real GPU: wrong (1 run, 2026-11-02)`; a stranger's words may be in it."""
    count = len(one.rests_on)
    ours = "" if any(m.verified for m in one.rests_on) else "unverified, "
    dated = f"{ours}{count} run{'s' * (count != 1)}, the newest of {one.date}"
    return line(f"{setup}: {one.could_not or cell(one).word} ({dated})", 400)
