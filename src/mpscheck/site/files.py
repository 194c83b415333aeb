"""All generated files of the site: a dict from a path under `docs/` to its text. Pure, but for reading the inputs."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from mpscheck.bugs import catalogue, encounters
from mpscheck.bugs.bug import Bug
from mpscheck.bugs.encounters import Encounter
from mpscheck.known import evidence, exposure, releases, repeated, wheels
from mpscheck.known.entry import Entry, entries
from mpscheck.places import ROOT
from mpscheck.runs import emulated, numerics, results, rule
from mpscheck.site import api, error_ratio_plot
from mpscheck.site.pages import bug as bug_page
from mpscheck.site.pages import case as case_page
from mpscheck.site.pages import declared as declared_page
from mpscheck.site.pages import detection as detection_page
from mpscheck.site.pages import exposure as exposure_page
from mpscheck.site.pages import family as family_page
from mpscheck.site.pages import home as home_page
from mpscheck.site.pages import index as index_page
from mpscheck.site.pages import ioi as ioi_page
from mpscheck.site.pages import matrix as matrix_page
from mpscheck.site.pages import redo as redo_page
from mpscheck.site.pages import releases as releases_page
from mpscheck.site.pages import reported as reported_page
from mpscheck.site.pages import results as results_page
from mpscheck.site.pages import verification as verification_page
from mpscheck.site.pages import vocabulary as vocabulary_page

COPIED = (  # files that a reader downloads, beside the bugs' own
    "snippets/validate_mps.py",
    "snippets/pick_device.py",
    "snippets/audit_mps.py",
    "snippets/locate_divergence.py",
)


@dataclass(frozen=True)
class Inputs:
    """What the pages are made of.

    `runs` are the published run files by name, `local` those of this machine; `controls` and `transcripts` are results on
    the emulated device, by slug and by program; `site_url` ends with a slash or is empty.
    """

    bugs: tuple[Bug, ...]  # all of them
    runs: dict[str, dict]
    local: dict[str, dict]
    controls: dict[str, dict]
    transcripts: dict[str, dict]
    site_url: str = ""
    case: dict[str, dict] = field(default_factory=dict)  # the report rebuilt, by TransformerLens version
    declared: dict[str, wheels.Declared] = field(default_factory=dict)  # what PyTorch's wheels say, by release
    exposure: dict[str, dict] = field(default_factory=dict)  # what libraries call, by environment
    encounters: tuple[Encounter, ...] = ()  # what users met
    renamed: dict[str, str] = field(default_factory=dict)  # slugs that bugs once had
    detection: dict[str, dict] = field(default_factory=dict)  # which check caught which fault
    reporter: dict[str, dict] = field(default_factory=dict)  # the report repeated on Macs, by file
    calibration: dict = field(default_factory=lambda: dict(detection_page.NOTHING))  # error ratios of healthy devices

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
        runs=results.read_folder(results.RUNS),
        local=_runs_only(results.LOCAL),
        controls=evidence.read_controls(),
        transcripts=emulated.read("transcripts"),
        site_url=_with_slash(os.environ.get("SITE_URL", "")),
        case=case_page.read(),
        declared=declared_page.read(),
        exposure=exposure.read(),
        encounters=encounters.load(),
        renamed=json.loads(api.RENAMED.read_text(encoding="utf-8")),
        detection=emulated.read("detection"),
        reporter=repeated.read_folder(),
        calibration=detection_page.read_calibration(),
    )


def _runs_only(folder: Path) -> dict[str, dict]:
    """The run files of a folder that holds other files too: the name of a run says which torch it was."""
    return {path.stem: results.read(path) for path in sorted(folder.glob("*_torch*.json"))}


def _with_slash(url: str) -> str:
    return f"{url.rstrip('/')}/" if url else ""


def files(inputs: Inputs) -> dict[str, str]:
    """The text of each generated file, by its path under `docs/`."""
    runs, controls = inputs.runs, inputs.controls
    bugs = tuple(bug for bug in inputs.bugs if bug.check is not None)
    known = entries(inputs.bugs, inputs.encounters, runs, controls)
    printed, seconds = inputs.printed, inputs.seconds
    pieces = {
        "command": home_page.command(inputs.site_url),
        "healthy": home_page.answer(printed.get("validate-healthy")),
        "sick": home_page.answer(printed.get("validate-sick")),
        "seconds": home_page.seconds(seconds),
        "time-needed": home_page.time_needed(seconds),
        "macs": home_page.macs(runs),
        "bug-summary": index_page.summary(known),
        "bug-index": index_page.bug_index(known, runs, controls),
        "widget": home_page.widget(known),
        "releases-here": releases_page.table(known, ""),
        "releases-home": releases_page.table(known),
        "matrix": matrix_page.matrix(known, runs),
        "api": api.where(inputs.site_url),
        "redo-analyses": redo_page.analyses(known),
        "redo-releases": redo_page.by_release(known),
        "results": results_page.results(bugs, runs),
        "local": results_page.local_results(bugs, inputs.local),
        "controls": verification_page.controls_table(bugs, controls),
        "numerics": rule.__doc__,
        "rule": verification_page.rule(controls),
        "properties": vocabulary_page.properties_table(),
        "relations": vocabulary_page.relations(),
        "phases": vocabulary_page.phases(),
        "gradients": vocabulary_page.gradients(),
        "effects": vocabulary_page.effects(),
        "parts": vocabulary_page.parts(),
        **case_page.pieces(inputs.case),
        **declared_page.pieces(inputs.declared),
        **detection_page.pieces(inputs.detection, inputs.calibration, bugs, {entry.slug for entry in known}),
        **ioi_page.pieces(inputs.reporter),
        **exposure_page.pieces(inputs.bugs, inputs.exposure),
    }
    found = {f"generated/{name}.md": f"{text}\n" for name, text in pieces.items()}
    found |= {f"generated/printed/{name}.txt": f"{text}\n" for name, text in printed.items()}
    families = {bug.slug: bug.family for bug in bugs}
    rows = evidence.rows(controls)
    found["generated/error-ratios.svg"] = error_ratio_plot.drawing(rows, families, numerics.ALLOWED_RATIO)
    for path in COPIED:
        found[Path(path).name] = (ROOT / path).read_text(encoding="utf-8")
    return found | _bug_pages(known, inputs) | _release_pages(known, inputs) | _data(known, inputs)


def _bug_pages(known: list[Entry], inputs: Inputs) -> dict[str, str]:
    found = {}
    for entry in known:
        bug = entry.bug
        if entry.has_check:
            page = bug_page.page(bug, inputs.runs, inputs.controls, inputs.site_url, entry.encounters, inputs.printed)
            found[f"bugs/{bug.check.path.name}"] = bug.check.source
        else:
            page = reported_page.page(entry)
        found[f"bugs/{bug.slug}.md"] = page
    for family, members in family_page.by_family(known).items():
        found[f"bugs/family/{family}.md"] = family_page.page(family, members)
    found["bugs/rows.txt"] = index_page.all_rows(known, inputs.runs, inputs.controls)
    return found | api.redirects(inputs.renamed, {entry.slug for entry in known})


def _release_pages(known: list[Entry], inputs: Inputs) -> dict[str, str]:
    command = home_page.command(inputs.site_url)
    return {
        f"releases/{release.version}.md": releases_page.page(release, place, known, command)
        + declared_page.of_release(release.version, inputs.declared)
        for place, release in enumerate(releases.load())
    }


def _data(known: list[Entry], inputs: Inputs) -> dict[str, str]:
    found = {
        "v1/bugs.json": api.bugs_json(known, inputs.site_url),
        "v1/known-bad.json": api.known_bad(known, inputs.exposure, inputs.site_url),
        "feed.xml": api.feed(known, inputs.site_url),
    }
    found |= {f"v1/{name}": schema for name, schema in api.schemas().items()}
    for place, release in enumerate(releases.load()):
        found[f"affected/{release.version}.json"] = home_page.affected(known, place)
    return {f"api/{name}": text for name, text in found.items()} | {"llms.txt": api.llms(known, inputs.site_url)}
