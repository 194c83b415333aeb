"""What library versions call (`results/exposure/*.json`), and which known bugs that meets on a release of PyTorch.

The files are written by `scripts/exposure/measure.py`. A use of a library relates to a bug in one of three ways:

- `certain`: a call has all that the bug needs, says a trigger that a snippet has tried;
- `possible`: a trigger matched that is drafted from a thread's words, or something decides that the run cannot show;
- `untested`: no trigger was held against the calls, and an op that the bug's thread names was called.

Left out are bugs that give themselves away, those that only write outside a tensor, those that no release had, and those
of `torch.compile`, since nothing is compiled here. Reports about whole models name no op: they are counted apart.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from mpscheck.bugs.bug import Bug
from mpscheck.known import answer as answers
from mpscheck.known import names, releases
from mpscheck.known.entry import SILENT_KINDS
from mpscheck.known.measured import NONE, Index
from mpscheck.known.setups import Setup
from mpscheck.runs import results

FOLDER = results.RUNS.parent / "exposure"
MODEL = "gpt2-shape"  # what the answers are about; toy models are only there as `ioi-small`
CERTAIN, POSSIBLE, UNTESTED = "certain", "possible", "untested"
RELEASES = tuple(release.version for release in releases.load())
CAST = ("to", "_to_copy")
ATEN = {  # public names of ops whose aten names are other ones
    "Dropout": ("native_dropout", "bernoulli"),
    "GRU": ("gru",),
    "LSTM": ("lstm",),
    "Linear": ("linear",),
    "__getitem__": ("index", "select", "slice"),
    "__setitem__": ("index_put", "copy", "fill"),
    "cross_entropy": ("cross_entropy_loss",),
    "dropout": ("native_dropout", "bernoulli"),
    **dict.fromkeys(("float", "half", "int", "to", "type"), CAST),
}


@dataclass(frozen=True)
class Row:
    """One entry point of one library version, measured with one model."""

    library: str  # "TransformerLens 2.17.0"
    entry: str
    model: str
    uses: dict[str, dict]
    measured: dict[str, str] = field(default_factory=dict)  # slug: fingerprint of the triggers that were looked for

    @property
    def project(self) -> str:
        """`TransformerLens` of `TransformerLens 2.17.0`."""
        return self.library.split()[0]


@dataclass(frozen=True)
class Met:
    """The bugs of one use on one release, by slug, as far as they are not known not to affect it."""

    known: tuple[str, ...]  # certain, and affected
    possible: tuple[str, ...]  # possible, and affected
    unknown: tuple[str, ...]  # untested; or certain or possible, and no source says whether this release has it


@dataclass(frozen=True)
class Answer:
    """From which release on no known bug is met, and from which on no possible one either; what is met on each.

    None: the newest release has one.
    """

    known_in: tuple[str, ...]  # the releases that a certain bug affects
    first: str | None
    on_first: Met | None
    strict: str | None
    on_strict: Met | None


# ---- the stored files ----------------------------------------------------------------------------------------------


def read(folder: Path = FOLDER) -> dict[str, dict]:
    """The stored files by name, oldest library first; raises BadResults for one that is not such a file."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["schema"] != 2 or not isinstance(data["records"], list) or "bugs" not in data["provenance"]:
                raise KeyError("schema")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise results.BadResults(f"{path.name} is not a file of exposures: {error}") from None
        found[path.stem] = data
    return found


def rows(data: dict[str, dict]) -> list[Row]:
    """One row an entry point and library version: with GPT-2's shape, or with the small model where that is all."""
    found = []
    for file in data.values():
        versions = file["provenance"]["versions"]
        shaped = {record["entry"] for record in file["records"] if record["model"] == MODEL}
        for record in file["records"]:
            if record["model"] == MODEL or record["entry"] not in shaped:
                library = f"TransformerLens {versions['transformer_lens']}"
                if record["entry"].startswith("transformers"):
                    library = f"transformers {versions['transformers']}"
                found.append(Row(library, record["entry"], record["model"], record["uses"], measured_for(file)))
    return found


def measured_for(file: dict) -> dict[str, str]:
    """The bugs that a file was measured for, with a snippet or a drafted trigger: slug and fingerprint."""
    return file["provenance"]["bugs"] | file["provenance"].get("drafted", {})


def fingerprint(bug: Bug) -> str:
    """The hash of a bug's triggers, which a file of exposures stores for each bug that it was measured for."""
    tables = [trigger.table for trigger in bug.triggers]
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()[:16]


def drafted(bugs: Iterable[Bug]) -> list[Bug]:
    """The silent bugs without a snippet whose trigger somebody drafted."""
    return [bug for bug in bugs if bug.check is None and bug.silent and bug.triggers]


def unmeasured(data: dict[str, dict], bugs: Iterable[Bug]) -> list[str]:
    """The slugs of bugs that some file was not measured for, with the trigger that they have now: they are untested."""
    stored = [measured_for(file) for file in data.values()]
    return [bug.slug for bug in bugs if any(known.get(bug.slug) != fingerprint(bug) for known in stored)]


# ---- how a use relates to a bug ------------------------------------------------------------------------------------


def counts(bug: Bug) -> bool:
    """True for a bug that silently gives wrong numbers in some release, without `torch.compile`."""
    if bug.kind not in SILENT_KINDS or bug.family == "compile":
        return False
    return bug.silent and bug.in_a_release is not False


def aten_names(bug: Bug) -> set[str]:
    """The ops that a bug is about, by the names that a recorder sees."""
    found = set()
    for op in names.ops(bug):
        name = names.bare(op)
        found |= set(ATEN.get(name, (name if name.startswith("__") else name.rstrip("_"),)))
    return found


def touches(bug: Bug, use: dict) -> bool:
    """Whether a use calls an op that the bug is about."""
    return bool(aten_names(bug) & set(use["called"]))


def differentiates(use: dict) -> bool:
    """Whether a use computes gradients."""
    return any("backward" in name for name in use["called"])


def relation(bug: Bug, use: dict, tested: bool) -> str | None:
    """How one use relates to one bug, whose trigger was `tested` on its calls or not; None if it does not meet it."""
    if not counts(bug) or bug.family == "model" or (bug.family == "autograd" and not differentiates(use)):
        return None
    if not tested:
        return UNTESTED if touches(bug, use) else None
    doubts = [found["doubt"] for found in use["findings"] if found["slug"] == bug.slug]
    if None in doubts:
        return CERTAIN
    return POSSIBLE if doubts or any(found["slug"] == bug.slug for found in use["possible"]) else None


class Study:
    """The rows of the stored files, and how each use of each row relates to each bug."""

    def __init__(self, data: dict[str, dict], bugs: Iterable[Bug], measured: Index = NONE):
        self.bugs, self.measured = {bug.slug: bug for bug in bugs}, measured
        self.rows = rows(data)
        self.late = unmeasured(data, [bug for bug in self.bugs.values() if bug.triggers and counts(bug)])
        prints = {bug.slug: fingerprint(bug) for bug in self.bugs.values() if bug.triggers}
        self._how = [{use: self._relations(row, use, prints) for use in row.uses} for row in self.rows]

    def _relations(self, row: Row, use: str, prints: dict[str, str]) -> dict[str, str]:
        found = {}
        for slug, bug in self.bugs.items():
            tested = slug in prints and row.measured.get(slug) == prints[slug]
            found[slug] = relation(bug, row.uses[use], tested)
        return {slug: how for slug, how in found.items() if how}

    def how(self, row: Row, use: str) -> dict[str, str]:
        """How one use of an entry point relates to each bug that it meets or may meet, by slug."""
        return self._how[self.rows.index(row)][use]

    def states(self, macos: str | None = None, chip: str | None = None) -> "States":
        """The states of these bugs on a Mac, of some macOS and chip."""
        return States(self.bugs, macos, chip, self.measured)

    def together(self, library: str) -> dict[str, str]:
        """How GPT-2 through all versions and entry points of a library relates to each bug, in all uses."""
        return together(self.how(row, use) for row in self.of(library) for use in row.uses)

    def of(self, library: str) -> list[Row]:
        """The rows of all versions and entry points of a library, with the shape of GPT-2."""
        return [row for row in self.shaped if row.project == library]

    @property
    def shaped(self) -> list[Row]:
        """The rows with the shape of GPT-2: the answers are about them."""
        return [row for row in self.rows if row.model == MODEL]


# ---- what is known on a release ------------------------------------------------------------------------------------


class States:
    """The state of each bug on each release, on a Mac, of some macOS and chip: computed once, and where it is asked for."""

    def __init__(self, bugs: dict[str, Bug], macos: str | None = None, chip: str | None = None, measured: Index = NONE):
        self.bugs, self.measured = bugs, measured
        self.macos, self.chip = macos, chip
        self.of = lru_cache(maxsize=None)(self._of)

    def _of(self, slug: str) -> tuple[str, ...]:
        """One state a release, oldest first: affected also where runs and sources contradict each other."""
        mac = (self.macos, False, self.chip)
        found = (answers.answer(self.bugs[slug], Setup(release, *mac), self.measured) for release in RELEASES)
        return tuple(answers.AFFECTED if one.accused else one.state for one in found)


def met(how: dict[str, str], states: States, release: str) -> Met:
    """The bugs met on one release."""
    place = RELEASES.index(release)
    now = {slug: states.of(slug)[place] for slug in how}
    known = [slug for slug in how if how[slug] == CERTAIN and now[slug] == "affected"]
    possible = [slug for slug in how if how[slug] == POSSIBLE and now[slug] == "affected"]
    rest = [slug for slug in how if now[slug] != "not affected" and slug not in (*known, *possible)]
    return Met(tuple(sorted(known)), tuple(sorted(possible)), tuple(sorted(rest)))


def answer(how: dict[str, str], states: States) -> Answer:
    """From which release on no known bug is met: the one after the last that has one."""
    on = {release: met(how, states, release) for release in RELEASES}
    known_in = tuple(release for release in RELEASES if on[release].known)
    first = _after(known_in)
    strict = _after([release for release in RELEASES if on[release].known or on[release].possible])
    return Answer(known_in, first, on.get(first), strict, on.get(strict))


def left(found: Answer, how: dict[str, str], states: States) -> Met:
    """What is met on the release from which on nothing possible is, or on the newest one where there is none."""
    return found.on_strict or met(how, states, RELEASES[-1])


def minor(release: str | None) -> list[int] | None:
    """The smallest minor version, as numbers, none of whose releases is older than this one: 2.4.1 gives [2, 5]."""
    if release is None:
        return None
    whole = [later for later in RELEASES[RELEASES.index(release) :] if later.endswith(".0")]
    return [int(part) for part in whole[0].split(".")[:2]] if whole else None


def deciding(how: dict[str, str], states: States) -> list[str]:
    """The slugs of the bugs that an answer rests on: met on the last release before `first`, or before `strict`."""
    found, slugs = answer(how, states), set()
    for release in (found.first, found.strict):
        end = len(RELEASES) if release is None else RELEASES.index(release)
        if end:
            last = met(how, states, RELEASES[end - 1])
            slugs |= {*last.known, *last.possible}
    return sorted(slugs)


def _after(affected: Iterable[str]) -> str | None:
    """The release after the last of these."""
    last = max((RELEASES.index(release) for release in affected), default=-1)
    return RELEASES[last + 1] if last + 1 < len(RELEASES) else None


def together(several: Iterable[dict[str, str]]) -> dict[str, str]:
    """How several uses together relate to each bug: as the one does that meets it most certainly."""
    found: dict[str, str] = {}
    for one in several:
        for slug, how in one.items():
            found[slug] = min(found.get(slug, how), how, key=(CERTAIN, POSSIBLE, UNTESTED).index)
    return found
