"""What the pages are made of: everything that is read for them, once. Pure, but for the reading."""

import json
import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mpscheck.bugs import catalogue, encounters, figures, guards
from mpscheck.bugs.bug import Bug
from mpscheck.bugs.encounters import Encounter
from mpscheck.bugs.figures import Figure
from mpscheck.bugs.guards import Guard
from mpscheck.known import evidence, exposure, measured, releases, repeated, wheels
from mpscheck.known.advice import Advice
from mpscheck.known.entry import Entry, entries
from mpscheck.places import CATALOGUE, RESULTS, WATCHED
from mpscheck.runs import emulated, results, slim
from mpscheck.site import run_pages

ROAD = RESULTS / "emulated" / "road.json"


@dataclass(frozen=True)
class Inputs:
    """What the pages are made of.

    `runs` are the run files by name that the publishing job brought, `unverified` those that people sent, `local` those of
    this machine; `controls` and `transcripts` are results on the emulated device, by slug and by program; `site_url` ends
    with a slash or is empty.
    """

    bugs: tuple[Bug, ...]  # all of them
    runs: dict[str, dict] = field(default_factory=dict)
    unverified: dict[str, dict] = field(default_factory=dict)
    local: dict[str, dict] = field(default_factory=dict)
    controls: dict[str, dict] = field(default_factory=dict)
    transcripts: dict[str, dict] = field(default_factory=dict)
    recordings: dict[str, dict] = field(default_factory=dict)  # what libraries call, held against each bug, by slug
    site_url: str = ""
    case: dict[str, dict] = field(default_factory=dict)  # the report rebuilt, by TransformerLens version
    transformerlens: dict = field(default_factory=dict)  # what its releases do about mps
    declared: dict[str, wheels.Declared] = field(default_factory=dict)  # what PyTorch's wheels say, by release
    exposure: dict[str, dict] = field(default_factory=dict)  # what libraries call, by environment
    encounters: tuple[Encounter, ...] = ()  # what users met
    figures: dict[str, tuple[Figure, ...]] = field(default_factory=dict)  # what others published, by slug
    guards: tuple[Guard, ...] = ()  # what libraries do about mps
    renamed: dict[str, str] = field(default_factory=dict)  # slugs that bugs once had
    families: dict[str, dict[str, str]] = field(default_factory=dict)  # what the bugs of each have in common
    detection: dict[str, dict] = field(default_factory=dict)  # which check caught which fault
    works: dict[str, dict] = field(default_factory=dict)  # what the tools say of the models that people use
    sweep: dict[str, dict] = field(default_factory=dict)  # which imitated faults the sweep found, by slug
    found: dict = field(default_factory=dict)  # what the sweep found on real devices
    redteam: dict[str, dict] = field(default_factory=dict)  # which faults made by rule were caught, by model
    reporter: dict[str, dict] = field(default_factory=dict)  # the report repeated on Macs, by file
    watched: dict = field(default_factory=dict)  # when the watcher last looked for releases; empty where none has
    road: dict = field(
        default_factory=dict
    )  # a made-up release, from the index to the site: the steps, each with its time
    calibration: dict = field(default_factory=lambda: dict(emulated.NO_CALIBRATION))  # error ratios of healthy devices

    @cached_property
    def measured(self) -> measured.Index:
        """What all runs on Macs gave, by bug and set-up."""
        return measured.index(self.bugs, self.runs, self.unverified)

    @cached_property
    def published(self) -> list[run_pages.Run]:
        """All runs on Macs with what each found, the newest first."""
        return run_pages.all_runs(self.checks, self.runs, self.unverified, self.measured)

    @cached_property
    def known(self) -> list[Entry]:
        """All bugs with all that is known of them; `Entry.on` says what is known of one on a set-up."""
        return entries(self.bugs, self.encounters, self.measured, self.controls)

    @cached_property
    def advice(self) -> Advice:
        """Which PyTorch to take, by use and Mac."""
        return Advice(self.bugs, self.exposure, self.recordings, self.measured)

    @property
    def checks(self) -> tuple[Bug, ...]:
        """The bugs that have a check."""
        return tuple(bug for bug in self.bugs if bug.check is not None)

    @property
    def printed(self) -> dict[str, str]:
        """What the programs that pages show printed, by name."""
        return {name: "\n".join(document["row"]["lines"]) for name, document in self.transcripts.items()}

    @property
    def seconds(self) -> dict[str, float]:
        """The processor time of those that were timed, by name."""
        rows = {name: document["row"] for name, document in self.transcripts.items()}
        return {name: row["seconds"] for name, row in rows.items() if "seconds" in row}


def read_inputs() -> Inputs:
    """Everything from the repository and, for the address, from the variable SITE_URL. Raises BadResults, BadBug."""
    return Inputs(
        bugs=catalogue.all_bugs(),
        runs=dict(slim.read(results.RUNS)),
        unverified=dict(slim.read(results.UNVERIFIED)),
        local=_runs_only(results.LOCAL),
        controls=evidence.read_controls(),
        transcripts=emulated.read("transcripts"),
        recordings=emulated.read("recordings"),
        site_url=_with_slash(os.environ.get("SITE_URL", "")),
        case=_case(),
        transformerlens=json.loads(results.TRANSFORMERLENS.read_text(encoding="utf-8")),
        declared=wheels.read_all(release.version for release in releases.load()),
        exposure=exposure.read(),
        encounters=encounters.load(),
        figures=figures.load(),
        guards=guards.load(),
        renamed=json.loads((CATALOGUE / "renamed.json").read_text(encoding="utf-8")),
        families=tomllib.loads((CATALOGUE / "families.toml").read_text(encoding="utf-8")),
        detection=emulated.read("detection"),
        works=emulated.read("works-with"),
        sweep=emulated.read("sweep"),
        found=json.loads(results.FOUND.read_text(encoding="utf-8")),
        redteam=emulated.read("redteam"),
        reporter=repeated.read_folder(),
        watched=json.loads(WATCHED.read_text(encoding="utf-8")) if WATCHED.exists() else {},
        road=json.loads(ROAD.read_text(encoding="utf-8")) if ROAD.exists() else {},
        calibration=emulated.read_calibration(),
    )


def _runs_only(folder: Path) -> dict[str, dict]:
    """The run files of a folder that holds other files too: the name of a run says which torch it was.

    One that is no run file (any more) is left out: it is this machine's own, and the next run writes it again.
    """
    found = {}
    for path in sorted(folder.glob("*_torch*.json")):
        with suppress(results.BadResults):
            found[path.stem] = results.read(path)
    return found


def _with_slash(url: str) -> str:
    return f"{url.rstrip('/')}/" if url else ""


def _case() -> dict[str, dict]:
    """The report rebuilt, by TransformerLens version."""
    paths = sorted(emulated.PUBLISHED.glob("case-*.json"))
    return {path.stem.removeprefix("case-"): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def pieces(**texts: str) -> dict[str, str]:
    """Pieces that pages under `docs/` include, as files by their path; `_` in a name is `-` in the file's."""
    return {f"generated/{name.replace('_', '-')}.md": f"{text}\n" for name, text in texts.items()}
