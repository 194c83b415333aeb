"""Which PyTorch to take, by what one runs, macOS and chip: computed from what is known, never written by hand. Pure.

A release is the better the fewer bugs are there, or are near to that, which this use meets for certain; then those that it
may meet; then the fewer are unknown; then the newer it is. What nobody has looked at never counts for a release. Only runs that a job of ours brought count, and none on a virtual GPU: advice is for a Mac that can be touched.
What other runs accuse is named beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mpscheck.bugs.bug import Bug
from mpscheck.known import answer as answers
from mpscheck.known import exposure, releases, said, uses
from mpscheck.known.answer import Answer
from mpscheck.known.exposure import CERTAIN, POSSIBLE, RELEASES, UNTESTED
from mpscheck.known.measured import NONE, Index
from mpscheck.known.setups import Setup
from mpscheck.known.uses import Use

JUDGED = "judged"  # no recorded call meets it: its family can be met, by our judgement
RELATIONS = {  # the surest first
    CERTAIN: "calls that were recorded have all that it needs",
    POSSIBLE: "calls that were recorded may have what it needs",
    UNTESTED: "its op is called; what else it needs is not known",
    JUDGED: "this use can hit its family of bugs, by our judgement",
}
ORDER = tuple(RELATIONS)
SHADES = tuple(said.SHADES)  # the nearest to affected first
NEAR = (said.UNSURE, said.BEFORE_FIX, said.OLDER)  # with LIKELY: a release before or after is known to have had it


@dataclass(frozen=True)
class Mac:
    """The Mac that is asked about; None stands for any."""

    macos: str | None = None
    chip: str | None = None


@dataclass(frozen=True)
class Standing:
    """How one release stands for one use on one Mac: the slugs of the silent bugs that this use meets or may meet there."""

    release: str
    affected: tuple[str, ...]  # somebody says wrong, and recorded calls meet it for certain
    perhaps: tuple[str, ...]  # somebody says wrong, and it may be met
    likely: tuple[str, ...]  # unknown, and the nearest to affected
    near: tuple[str, ...]  # unknown, and a release before or after had it
    unknown: tuple[str, ...]  # the other unknown ones: the most dangerous first, those tied to chips not asked for last
    measured: tuple[str, ...]  # of all that it meets or may meet: settled by a run of ours on such a Mac
    claimed: tuple[str, ...]  # not counted above: unverified runs alone say wrong
    certain: int  # of those that are accused, likely or near: how many recorded calls meet for certain

    @property
    def accused(self) -> tuple[str, ...]:
        """The bugs of which somebody says that they are there, those that are met for certain first."""
        return (*self.affected, *self.perhaps)

    @property
    def cost(self) -> tuple[int, ...]:
        """The smaller the better; on equal terms the newer release is."""
        close = len(self.accused) + len(self.likely) + len(self.near)
        return self.certain, close, len(self.unknown), -RELEASES.index(self.release)


class Advice:
    """What is known, as advice needs it: made once, asked for each use and Mac."""

    def __init__(self, bugs: Iterable[Bug], stored: dict, recordings: dict, measured: Index = NONE):
        """`stored` are the files of `results/exposure`, `recordings` those of `results/emulated/recordings` by slug."""
        bugs = tuple(bugs)
        self.bugs = {bug.slug: bug for bug in bugs if exposure.counts(bug) and bug.family != "model"}
        self.study = exposure.Study(stored, bugs, measured.verified)
        self.recordings, self.every, self.measured = recordings, measured, measured.verified
        self.meets = lru_cache(maxsize=None)(self._meets)
        self.ranked = lru_cache(maxsize=None)(self._ranked)
        self._answer = lru_cache(maxsize=None)(self._answered)

    @cached_property
    def on_macs(self) -> int:
        """How many of these bugs a run of ours settled on a real GPU, on any release."""
        return sum(any(setup.virtual is False for setup in self.measured.setups(slug)) for slug in self.bugs)

    def take(self, use: str, mac: Mac = Mac()) -> Standing:
        """The release to take."""
        return self.ranked(use, mac)[0]

    def standing(self, release: str, use: str, mac: Mac = Mac()) -> Standing:
        """How one release stands."""
        return next(one for one in self.ranked(use, mac) if one.release == release)

    def answer(self, slug: str, release: str, mac: Mac = Mac()) -> Answer:
        """What is known of a bug on a release, on a Mac that can be touched, from sources and verified runs."""
        bug = self.bugs[slug]
        measured = bool(self.every.at(slug, release))  # else neither says more than sources, whose terms are few
        macos = mac.macos if measured or bug.macos is not None else None
        return self._answer(slug, release, Mac(macos, mac.chip if bug.chips else None), False)

    def right_since(self, slug: str) -> str | None:
        """The release from which on a silent bug is known not to be there, on every Mac; None where that is not known."""
        return right_since(self.bugs[slug], self.measured) if slug in self.bugs else None

    def wrong_in(self, slug: str) -> list[str]:
        """The releases of which somebody says that they have a silent bug."""
        return wrong_in(self.bugs[slug], self.measured) if slug in self.bugs else []

    def _ranked(self, use: str, mac: Mac) -> tuple[Standing, ...]:
        found = (self._standing(release, use, mac) for release in RELEASES)
        return tuple(sorted(found, key=lambda one: one.cost))

    def _standing(self, release: str, use: str, mac: Mac) -> Standing:
        how = self.meets(use)
        on = {slug: self.answer(slug, release, mac) for slug in how}
        accused = [slug for slug in how if on[slug].accused]
        unknown = [slug for slug in how if on[slug].state == answers.UNKNOWN]
        unknown.sort(
            key=lambda slug: (
                self._other_chips(slug, mac),
                self.bugs[slug].danger or 1000,
                SHADES.index(on[slug].shade),
            )
        )
        likely = [slug for slug in unknown if on[slug].shade == said.LIKELY]
        near = [
            slug
            for slug in unknown
            if slug not in likely and (on[slug].shade in NEAR or self._beside(slug, release, mac))
        ]
        close = (*accused, *likely, *near)
        return Standing(
            release,
            affected=tuple(slug for slug in accused if how[slug] == CERTAIN),
            perhaps=tuple(slug for slug in accused if how[slug] != CERTAIN),
            likely=tuple(likely),
            near=tuple(near),
            unknown=tuple(slug for slug in unknown if slug not in close),
            measured=tuple(slug for slug in how if on[slug].basis == answers.MEASURED),
            claimed=tuple(slug for slug in how if not on[slug].accused and self._claimed(slug, release, mac)),
            certain=sum(how[slug] == CERTAIN for slug in close),
        )

    def _other_chips(self, slug: str, mac: Mac) -> bool:
        """Whether sources tie a bug to chips, and not to the one that is asked for."""
        chips = self.bugs[slug].chips
        return bool(chips) and mac.chip not in chips

    def _beside(self, slug: str, release: str, mac: Mac) -> bool:
        """Whether a run saw it wrong in an older or a newer release, and nothing says right in between."""
        if slug not in self.measured.found:
            return False
        place = RELEASES.index(release)
        for others in (RELEASES[place + 1 :], RELEASES[:place][::-1]):
            there = (self.answer(slug, other, mac) for other in others)
            first = next((one for one in there if one.state != answers.UNKNOWN), None)
            if first is not None and first.accused and first.where:
                return True
        return False

    def _claimed(self, slug: str, release: str, mac: Mac) -> bool:
        """Whether unverified runs say wrong."""
        return bool(self.every.at(slug, release)) and self._answer(slug, release, mac, True).accused

    def _answered(self, slug: str, release: str, mac: Mac, unverified: bool) -> Answer:
        index = self.every if unverified else self.measured
        return answers.answer(self.bugs[slug], Setup(release, mac.macos, False, mac.chip), index)

    def _meets(self, name: str) -> dict[str, str]:
        """How a use relates to each bug that it meets or may meet, by recorded calls, else by our judgement; the surest and
        most dangerous first."""
        use = uses.BY_NAME[name]
        rows = [(row, one) for row in self.study.shaped for one in use.calls if one in row.uses]
        found = exposure.together(self.study.how(row, one) for row, one in rows)
        if use.half:
            found = {slug: POSSIBLE if how == CERTAIN else how for slug, how in found.items()}
        for slug, document in self.recordings.items():
            if slug in self.bugs and (how := self._recorded(use, document["row"])):
                found = exposure.together([found, {slug: how}])
        if use.judged:
            # Also what no recorded model hit: they are small, and other sizes call other kernels.
            found = {slug: JUDGED for slug, bug in self.bugs.items() if use.can_meet(bug)} | found
        in_order = sorted(found, key=lambda slug: (ORDER.index(found[slug]), self.bugs[slug].danger or 1000, slug))
        return {slug: found[slug] for slug in in_order}

    @staticmethod
    def _recorded(use: Use, row: dict) -> str | None:
        """How the recorded models meet a bug in this use."""
        cells = row["libraries"].values()
        for how in (CERTAIN, POSSIBLE):
            if any(name in cell[how] for cell in cells for name in use.recorded):
                return how
        return None


def right_since(bug: Bug, verified: Index) -> str | None:
    """The release from which on a bug is known not to be there, on every Mac that can be touched; None where that is not
    known. Of the runs, `verified` holds those that count."""
    first = None
    for release in reversed(_releases(bug, verified)):
        if _on_any_mac(bug, release, verified).state != answers.NOT_AFFECTED:
            break
        first = release
    return first


def wrong_in(bug: Bug, verified: Index) -> list[str]:
    """The releases of which a source, or a run on a Mac that can be touched, says that they have a bug."""
    return [one for one in _releases(bug, verified) if _on_any_mac(bug, one, verified).accused]


def _releases(bug: Bug, verified: Index) -> list[str]:
    """All releases, those that runs alone know among them, oldest first."""
    return releases.and_of_runs(verified.found.get(bug.slug, {}))


def _on_any_mac(bug: Bug, release: str, verified: Index) -> Answer:
    return answers.answer(bug, Setup(release, virtual=False), verified)


def macs() -> list[Mac]:
    """Each Mac that a reader can choose, any macOS and any chip among them."""
    return [Mac(macos, chip) for macos in (None, *releases.MACOS) for chip in (None, *releases.CHIPS)]
