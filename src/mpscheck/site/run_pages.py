"""The runs as pages tell of them: what each found in numbers, and where it is shown. Pure.

The newest run of each set-up has a page of its own, the newest runs a row in the table of runs, all others one on the page
of their year.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from mpscheck.bugs.bug import Bug
from mpscheck.known import measured, setups
from mpscheck.known.expected import expected_on
from mpscheck.known.measured import ONCE, RIGHT, WRONG, Index, Measurement

SHOWN = 50  # runs in the table of runs


@dataclass(frozen=True)
class Run:
    """One run on a Mac. `name` is that of its measurements: those that people sent have their folder in it."""

    name: str
    document: dict
    verified: bool
    found: dict[str, list[Measurement]]  # by slug, each check in all of its dtypes
    surprises: tuple[str, ...]  # checks that found something else than sources say, or than the run before

    @property
    def where(self) -> dict:
        """The provenance."""
        return self.document["provenance"]

    @property
    def order(self) -> tuple[str, str]:
        """By date."""
        return self.where["date"], self.name

    @property
    def slug(self) -> str:
        """A name for an address: nothing of it is a stranger's, and no two runs have the same."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:6]
        return f"{self.where['date'][:10]}-torch{setups.of_run(self.where).torch}-{digest}"

    @property
    def year(self) -> str:
        """The year of the run."""
        return self.where["date"][:4]

    @property
    def setup(self) -> tuple:
        """Torch, major macOS, virtual or real, ours or somebody's."""
        where = setups.of_run(self.where)
        return where.torch, (where.macos or "").split(".")[0], where.virtual, self.verified

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many checks are wrong, right, and neither, whatever the dtype that says so."""
        outcomes = [{m.outcome if m.current else "" for m in found} for found in self.found.values()]
        wrong = sum(bool(one & {WRONG, ONCE}) for one in outcomes)
        right = sum(RIGHT in one and not one & {WRONG, ONCE} for one in outcomes)
        return {"wrong": wrong, "right": right, "neither": len(outcomes) - wrong - right}


def all_runs(checks: Iterable[Bug], runs: dict[str, dict], unverified: dict[str, dict], index: Index) -> list[Run]:
    """Every run, the newest first."""
    by_slug = {bug.slug: bug for bug in checks}
    sent = {f"unverified/{name}": run for name, run in unverified.items()}
    found = [
        _run(name, run, ours and measured.BROUGHT in run, by_slug, index)
        for folder, ours in ((runs, True), (sent, False))
        for name, run in folder.items()
    ]
    return sorted(found, key=lambda one: one.order, reverse=True)


def _run(name: str, document: dict, verified: bool, by_slug: dict[str, Bug], index: Index) -> Run:
    found = by_check(by_slug, name, document, verified)
    surprises = tuple(slug for slug, ms in found.items() if _surprises(by_slug[slug], ms, index))
    return Run(name, document, verified, found, surprises)


def by_check(
    by_slug: dict[str, Bug], name: str, document: dict, verified: bool = False
) -> dict[str, list[Measurement]]:
    """What a run found, by slug: each check in all of its dtypes."""
    found: dict[str, list[Measurement]] = {}
    for bug, m in measured.measurements(by_slug, name, document, verified):
        found.setdefault(bug.slug, []).append(m)
    return found


def _surprises(bug: Bug, found: list[Measurement], index: Index) -> bool:
    speaking = [m for m in measured.of_runs(found) if m.current]
    return any(expected_on(bug, m.provenance, index).is_surprise(m.verdict()) for m in speaking)


def with_page(runs: list[Run]) -> list[Run]:
    """The newest run of each set-up."""
    newest: dict[tuple, Run] = {}
    for run in runs:
        newest.setdefault(run.setup, run)
    return list(newest.values())


def older(runs: list[Run]) -> dict[str, list[Run]]:
    """Those that do not stand in the table of runs, by year, the newest first; `runs` are all, the newest first."""
    found: dict[str, list[Run]] = {}
    for run in runs[SHOWN:]:
        found.setdefault(run.year, []).append(run)
    return found


def links(runs: list[Run], to: str = "") -> dict[str, str]:
    """Where each run is shown, by its name; `to` leads from the page to `docs/`."""
    found = {run.name: f"{to}results.md#{anchor(run)}" for run in runs}
    found |= {run.name: f"{to}runs/{run.year}.md#{anchor(run)}" for year in older(runs).values() for run in year}
    return found | {run.name: f"{to}runs/{run.slug}.md" for run in with_page(runs)}


def anchor(run: Run) -> str:
    """The place of a run's row in a table of runs."""
    return f"run-{run.slug}"
