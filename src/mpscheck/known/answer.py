"""What is known of a bug on a torch, macOS and GPU? The one function that decides, and what its answer rests on. Pure.

Every page, the published data, the tools' catalogue and the expectations of a run ask here. A run must not overrule a true
report: what is measured stands beside what is said, and where they differ the answer is a contradiction, which a person
settles by changing the range in the bug's own file (`proposal`).
"""

from dataclasses import dataclass, replace

from packaging.version import Version

from mpscheck.bugs.bug import Bug
from mpscheck.known import said as sources
from mpscheck.known import setups
from mpscheck.known.measured import DISAGREE, NONE, ONCE, OUTDATED, RIGHT, WRONG, Index, Measurement, of_runs
from mpscheck.known.said import Said
from mpscheck.known.setups import Setup
from mpscheck.runs.numerics import NOT_SEPARABLE

AFFECTED, NOT_AFFECTED, UNKNOWN = "affected", "not affected", "unknown"
CONTRADICTION, DISAGREEMENT = "contradiction", "disagreement"
STATES = {
    AFFECTED: "wrong there: a run of ours says so, twice in processes of its own, or a source does",
    CONTRADICTION: "a run of ours and a source say opposite things; nobody has settled it yet",
    DISAGREEMENT: "our runs there say opposite things",
    UNKNOWN: "no source and no run says either way",
    NOT_AFFECTED: "right there: a source says so, or a run whose check has caught the fault on the same kind of GPU",
}
LETTERS = {AFFECTED: "a", CONTRADICTION: "c", DISAGREEMENT: "d", UNKNOWN: "u", NOT_AFFECTED: "n"}
ACCUSED = (AFFECTED, CONTRADICTION, DISAGREEMENT)  # somebody says wrong: no advice may pass over these
MEASURED, UNVERIFIED = "measured", "measured, unverified"  # bases beside those of `said`
COULD_NOT = "could not run"


@dataclass(frozen=True)
class Answer:
    """What is known of one bug on one set-up."""

    state: str  # of STATES
    basis: str  # measured; measured, unverified; declared, release notes, merge date, thread; nothing
    said: Said  # what sources say, also where something was measured
    found: str = ""  # wrong, wrong once, right, runs disagree; how it could not run; empty: no run of the code of now
    where: tuple[Setup, ...] = ()  # the measured set-ups that the state rests on
    rests_on: tuple[Measurement, ...] = ()  # the runs there, newest first, one measurement a run
    proposed: str | None = None  # affected, not affected: what the runs say against what is said

    @property
    def accused(self) -> bool:
        """True if a source or a run says wrong."""
        return self.state in ACCUSED

    @property
    def letter(self) -> str:
        """The state in one letter."""
        return LETTERS[self.state]

    @property
    def shade(self) -> str:
        """How far *unknown* is from affected; empty for every other state."""
        return self.said.shade if self.state == UNKNOWN else ""

    @property
    def date(self) -> str:
        """The day to which it is good: of the newest run that it rests on, else of what is said."""
        return self.rests_on[0].day if self.rests_on else self.said.date

    @property
    def could_not(self) -> str:
        """Why no run there says wrong or right, in words; empty where one does, or where none is."""
        if self.found in ("", WRONG, ONCE, RIGHT, DISAGREE):
            return ""
        if self.found == OUTDATED:
            return "the check has changed since it ran there"
        why = self.rests_on[0].reason
        if self.found == NOT_SEPARABLE:
            return f"no verdict: {why}"
        return f"{COULD_NOT}: {self.found}{f' ({why})' if why else ''}"

    @property
    def because(self) -> str:
        """What the state rests on, in words; strings of strangers in it."""
        if self._settled or self.found != RIGHT:
            return self.ground
        return f"{self.ground}; this check agreed on {setups.machines(self.where)}, which settles nothing"

    @property
    def ground(self) -> str:
        """The same without what agreed and settles nothing: where that differs, still the same is known."""
        machines = setups.machines(self.where)
        among = "" if all(m.verified for m in self.rests_on) else ", unverified ones among them"
        runs = "our runs" if self.basis == MEASURED else "unverified runs"
        told = {
            CONTRADICTION: f"{self.proposed} in {runs} on {machines}, {self.said.state} {_source(self.said.basis)}",
            DISAGREEMENT: f"wrong in some runs on {machines}, right in others{among}",
            UNKNOWN: f"{self.shade}: {self.said.reason}",
        }.get(self.state, f"{self.basis} on {machines}" if self._settled and machines else self.basis)
        once = f"wrong in one process on {machines}, not confirmed" if self.found == ONCE and not self._settled else ""
        remark = self.could_not or once
        return f"{told}; {remark}" if remark else told

    @property
    def _settled(self) -> bool:
        return self.basis in (MEASURED, UNVERIFIED)

    @property
    def words(self) -> str:
        """The state and what it rests on."""
        return f"{self.state}: {self.because}"


def answer(bug: Bug, setup: Setup, measured: Index = NONE) -> Answer:
    """What is known of a bug on a set-up.

    Asked for any macOS, GPU or chip, it is accused if one of the measured set-ups is. *Not affected* rests on the very
    set-up: a run clears a macOS that is named, on a real GPU unless a virtual one is asked about.
    """
    told = sources.said(bug, setup)
    there = measured.at(bug.slug, setup.torch)
    if not there:
        return Answer(told.state, told.basis, told)
    asked = setups.key(bug, setup)
    if setup.chip is not None and asked.virtual is None:  # a chip that is named is one that can be touched
        asked = replace(asked, virtual=False)
    every = [_on(bug, key, found, measured) for key, found in there.items() if key.meant_by(asked)]
    for state in (CONTRADICTION, DISAGREEMENT, AFFECTED):
        accusing = [one for one in every if one.state == state and (state != AFFECTED or one.found == WRONG)]
        if accusing:
            return _together(accusing, state, told)
    exact = _settling(bug, asked)
    for one in every:
        if one.where == (exact,):
            return one if one.found == RIGHT and one.basis == MEASURED else _with(told, every)
    return _with(told, every)


def measured_on(bug: Bug, measured: Index) -> list[tuple[Setup, Answer]]:
    """Each set-up on which a bug was measured, with what is known there, newest release first."""
    by_torch = measured.found.get(bug.slug, {})
    found = [(key, _on(bug, key, there, measured)) for by_setup in by_torch.values() for key, there in by_setup.items()]
    return sorted(found, key=lambda pair: (Version(pair[0].torch), str(pair[0])), reverse=True)


def _settling(bug: Bug, asked: Setup) -> Setup | None:
    """The one measured set-up that can clear a question; None for one about any macOS, or any of the chips that matter."""
    if asked.macos is None or (bug.chips and asked.chip is None):
        return None
    return Setup(asked.torch, asked.macos, bool(asked.virtual), asked.chip)


def _on(bug: Bug, key: Setup, found: list[Measurement], measured: Index) -> Answer:
    """What is known on one measured set-up."""
    told = sources.said(bug, key)
    now = of_runs(m for m in found if m.current)
    if not now:
        return Answer(told.state, told.basis, told, OUTDATED, (key,), tuple(of_runs(found)))
    outcomes = {m.outcome for m in now}
    if {WRONG, RIGHT} <= outcomes:
        return Answer(DISAGREEMENT, _basis(now), told, DISAGREE, (key,), _of(now, WRONG, RIGHT))
    word = next((word for word in (WRONG, ONCE, RIGHT) if word in outcomes), now[0].outcome)
    rests_on = _of(now, word)
    proven = (bug.slug, key.virtual) in measured.seen_wrong and bug.check.rate is None
    state = None
    if word == WRONG:
        state = AFFECTED
    elif word == RIGHT and proven and any(m.verified for m in rests_on):
        state = NOT_AFFECTED
    if state is None:
        return Answer(told.state, told.basis, told, word, (key,), rests_on)
    if UNKNOWN != told.state != state:
        return Answer(CONTRADICTION, _basis(rests_on), told, word, (key,), rests_on, proposed=state)
    return Answer(state, _basis(rests_on), told, word, (key,), rests_on)


def _of(found: list[Measurement], *outcomes: str) -> tuple[Measurement, ...]:
    return tuple(m for m in found if m.outcome in outcomes)


def _basis(found: list[Measurement] | tuple[Measurement, ...]) -> str:
    return MEASURED if any(m.verified for m in found) else UNVERIFIED


def _together(accusing: list[Answer], state: str, told: Said) -> Answer:
    """One answer for a question that several measured set-ups answer in the same way: as the newest run does."""
    first = max(accusing, key=lambda one: one.date)
    accusing = [one for one in accusing if one.proposed == first.proposed]
    rests_on = _newest_first(m for one in accusing for m in one.rests_on)
    where = tuple(setup for one in accusing for setup in one.where)
    against = first.said if state == CONTRADICTION else told
    return Answer(state, _basis(rests_on), against, first.found, where, rests_on, first.proposed)


def _with(told: Said, every: list[Answer]) -> Answer:
    """What is said, with what runs gave that settled nothing: the most telling of them."""
    if not every:
        return Answer(told.state, told.basis, told)
    newest = max(every, key=lambda one: one.date).found
    word = next((word for word in (ONCE, RIGHT) if any(one.found == word for one in every)), newest)
    same = [one for one in every if one.found == word]
    where = tuple(setup for one in same for setup in one.where)
    return Answer(told.state, told.basis, told, word, where, _newest_first(m for one in same for m in one.rests_on))


def _newest_first(found) -> tuple[Measurement, ...]:
    return tuple(sorted(found, key=lambda m: (m.provenance["date"], m.run), reverse=True))


def _source(basis: str) -> str:
    """`says a thread`, `say the release notes`."""
    found = {"declared": "says PyTorch's wheel", "thread": "says a thread", "release notes": "say the release notes"}
    return found.get(basis, "says a source")
