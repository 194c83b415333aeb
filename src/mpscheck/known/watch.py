"""What is measured next: the releases on a package index, held against what is measured and what is under way. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

MACOS = re.compile(r"macosx_(\d+)_(\d+)_(?:arm64|universal2)")
PYTHON = re.compile(r"cp3(\d+)")
OLDEST_PYTHON = (3, 11)  # of `mpscheck run`
TRIES = 3  # workflow runs for one job; each of them tries twice itself
TITLE = "mps torch"  # how mps.yml names its runs, before what they measure
EVERYTHING = "all"


class BadIndex(ValueError):
    """An answer of the index that says nothing of releases."""


@dataclass(frozen=True)
class Wheel:
    """A wheel for Macs with Apple silicon: the oldest Python and macOS that it is for."""

    python: tuple[int, int]
    macos: tuple[int, int]

    @property
    def tag(self) -> str:
        """`cp311, macOS 14.0`"""
        return f"cp{''.join(map(str, self.python))}, macOS {'.'.join(map(str, self.macos))}"


@dataclass(frozen=True)
class OnIndex:
    """One release as the index has it: the day of its first file, empty where none is told, and its wheels for Macs."""

    version: str
    day: str
    wheels: tuple[Wheel, ...]

    @cached_property
    def number(self) -> Version:
        """For comparing."""
        return Version(self.version)

    @property
    def candidate(self) -> bool:
        """True for a release candidate."""
        return self.number.is_prerelease


@dataclass(frozen=True)
class Runner:
    """One line of `runners` in matrix.json. `image` is what its runs call it; None for a Mac at home."""

    name: str
    macos: str
    image: str | None

    def made(self, provenance: dict) -> bool:
        """True if a run says that it was made on this runner."""
        major = (provenance["macos"] or "").split(".")[0]
        return provenance["runner"] == self.image and major == self.macos


@dataclass(frozen=True)
class Job:
    """One release on one runner, with the wheel that pip takes there."""

    torch: str
    runner: str
    wheel: Wheel

    @property
    def name(self) -> str:
        """`2.16.0@macos-15`, as plan.py takes it."""
        return f"{self.torch}@{self.runner}"

    @property
    def python(self) -> str:
        """`3.11`"""
        return ".".join(map(str, self.wheel.python))


@dataclass(frozen=True)
class Started:
    """A workflow run of mps.yml: its title, and whether it has ended."""

    title: str
    ended: bool

    def is_of(self, torch: str, runner: str) -> bool:
        """True if it measures this release on this runner."""
        words = self.title.removeprefix(TITLE).replace(",", " ").split()
        return bool({EVERYTHING, torch, f"{torch}@{runner}"} & set(words))

    def names(self, torch: str, runner: str) -> bool:
        """True if it was started for this release, not for all."""
        return EVERYTHING not in self.title.split() and self.is_of(torch, runner)


@dataclass(frozen=True)
class Question:
    """What only a person can decide: the title and text of an issue."""

    title: str
    text: str


@dataclass(frozen=True)
class Plan:
    """What to start now, why other jobs wait, and what to ask a person."""

    start: tuple[Job, ...] = ()
    waits: tuple[str, ...] = ()
    asks: tuple[Question, ...] = ()


def releases(index: dict) -> list[OnIndex]:
    """All releases of a project in the index's JSON (PEP 691), oldest first; withdrawn files do not count. Raises BadIndex."""
    found: dict[Version, tuple[list[str], set[Wheel]]] = {}
    try:
        for file in index["files"]:
            if file.get("yanked"):
                continue
            version, wheels = _file(file["filename"])
            if version is None or version.is_devrelease or version.local:
                continue
            days, there = found.setdefault(version, ([], set()))
            days.append((file.get("upload-time") or "")[:10])
            there |= wheels
    except (KeyError, TypeError, AttributeError) as error:
        raise BadIndex(f"the index's answer has no list of files ({error!r})") from None
    return [
        OnIndex(str(v), min(filter(None, days), default=""), tuple(sorted(there, key=lambda w: (w.python, w.macos))))
        for v, (days, there) in sorted(found.items())
    ]


def _file(name: str) -> tuple[Version | None, set[Wheel]]:
    """The version of a file, and what it is for if it is a wheel for Macs; no version for what is neither."""
    try:
        if not name.endswith(".whl"):
            return parse_sdist_filename(name)[1], set()
        _, version, _, tags = parse_wheel_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None, set()
    wheels = set()
    for tag in tags:
        python, macos = PYTHON.fullmatch(tag.interpreter), MACOS.fullmatch(tag.platform)
        if python and macos and not tag.abi.endswith("t"):  # a build without the lock is another Python
            wheels.add(Wheel((3, int(python[1])), (int(macos[1]), int(macos[2]))))
    return version, wheels


def job(release: OnIndex, runner: Runner) -> Job | None:
    """A release on a runner: with the oldest Python that it can have, and the newest wheel that this macOS takes."""
    fitting = [w for w in release.wheels if w.python >= OLDEST_PYTHON and w.macos <= (int(runner.macos), 99)]
    if not fitting:
        return None
    wheel = min(fitting, key=lambda w: (w.python, (-w.macos[0], -w.macos[1])))
    return Job(release.version, runner.name, wheel)


def wanted(found: Iterable[OnIndex], since: str) -> list[OnIndex]:
    """The releases since a day, newest version first: of candidates the last one, until the release itself is there."""
    final = {one.number for one in found if not one.candidate}
    last: dict[Version, OnIndex] = {}
    for one in found:
        base = Version(one.number.base_version)
        if one.day >= since and not (one.candidate and base in final):
            last[base] = one
    return sorted(last.values(), key=lambda one: one.number, reverse=True)


def plan(
    found: Iterable[OnIndex],
    runners: Iterable[Runner],
    *,
    since: str,
    today: str,
    runs: Iterable[dict],
    started: Iterable[Started],
    limit: int,
) -> Plan:
    """What to start. `runs` are the provenances of runs that are published or wait in open pull requests of ours."""
    found, runners, runs, started = list(found), list(runners), list(runs), list(started)
    start, waits = [], []
    asks = [_undated(one) for one in found if not one.day and one.wheels]
    for release in wanted(found, since):
        for runner in runners:
            one = job(release, runner)
            name = f"{release.version}@{runner.name}"
            if any(_torch(where) == release.version and runner.made(where) for where in runs):
                continue
            if any(run.is_of(release.version, runner.name) and not run.ended for run in started):
                waits.append(f"{name}: under way")
            elif one is None and release.day == today:
                waits.append(f"{name}: no wheel yet, files are still coming in")
            elif one is None:
                asks.append(_no_wheel(release, runner))
            elif sum(run.names(release.version, runner.name) for run in started) >= TRIES:
                asks.append(_failed(one))
            elif len(start) >= limit:
                waits.append(f"{name}: the next time, {limit} jobs are started at once")
            else:
                start.append(one)
    return Plan(tuple(start), tuple(waits), tuple(asks))


def _torch(provenance: dict) -> str:
    return provenance["torch"].split("+")[0]


def _undated(release: OnIndex) -> Question:
    return Question(
        f"No day of release for torch {release.version}",
        "The index does not say when its files were uploaded, so nobody can tell whether it is new. If it is, start "
        f"*mps* by hand with `{release.version}`.",
    )


def _no_wheel(release: OnIndex, runner: Runner) -> Question:
    tags = ", ".join(dict.fromkeys(wheel.tag for wheel in release.wheels)) or "none"
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Question(
        f"No wheel of torch {release.version} for {runner.name}",
        f"{runner.name} has macOS {runner.macos}, and `mpscheck run` needs Python {oldest} or newer. Wheels for Apple silicon: "
        f"{tags}. If none will come, raise the runner's macOS in `scripts/ci/matrix.json`.",
    )


def _failed(one: Job) -> Question:
    return Question(
        f"No run of torch {one.torch} on {one.runner}",
        f"*mps* was started {TRIES} times and delivered none. Its jobs say why; this release is not started again by itself. To "
        f"start it: Actions, *mps*, Run workflow, `{one.name}`.",
    )


def unmeasured_libraries(
    found: Iterable[OnIndex], since: str, known: Iterable[str], library: str
) -> tuple[Question, ...]:
    """A question for each release of a library since a day that its table does not have: its environment is made by hand."""
    known = set(known)
    return tuple(
        Question(
            f"{library} {one.version} is not in the table of its versions",
            f"It is of {one.day}. What to do, on Linux: write `scripts/environments/transformerlens-{one.version}.txt` with "
            f"`transformer-lens=={one.version}` and what differs from `requirements.lock`, and its line of `ENTRIES` in "
            "`scripts/exposure/measure.py`; then `.venv/bin/python scripts/transformerlens/measure.py` and "
            f"`.venv/bin/python scripts/exposure/measure.py transformerlens-{one.version}`. Both write what the pages show.",
        )
        for one in found
        if one.day >= since and not one.candidate and one.version not in known
    )
