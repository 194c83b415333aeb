"""All generated files of the site: a dict from a path under `docs/` to its text. Pure, but for reading the inputs."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from mpscheck import catalogue, numerics, results
from mpscheck.report import (
    bug_page,
    evidence,
    home_page,
    index_page,
    results_page,
    verification_page,
    vocabulary_page,
)

TRANSCRIPTS = evidence.EMULATED / "transcripts"
COPIED = ("snippets/validate_mps.py",)  # files that a reader downloads, beside the bugs' own


@dataclass(frozen=True)
class Inputs:
    """What the pages are made of.

    `runs` are the published run files by name, `local` those of this machine; `transcripts` is what programs printed
    and `seconds` how long they computed, both by name; `site_url` ends with a slash or is empty.
    """

    bugs: tuple[catalogue.Bug, ...]
    runs: dict[str, dict]
    local: dict[str, dict]
    controls: dict
    transcripts: dict[str, str]
    seconds: dict[str, float]
    site_url: str = ""


def read_inputs() -> Inputs:
    """Everything from the repository and, for the address, from the variable SITE_URL. Raises BadResults, BadSnippet."""
    return Inputs(
        bugs=catalogue.load(),
        runs=results.read_folder(results.RUNS),
        local=_runs_only(results.LOCAL),
        controls=evidence.read_controls(),
        transcripts={path.stem: path.read_text(encoding="utf-8") for path in sorted(TRANSCRIPTS.glob("*.txt"))},
        seconds=_seconds(TRANSCRIPTS / "index.json"),
        site_url=_with_slash(os.environ.get("SITE_URL", "")),
    )


def _runs_only(folder: Path) -> dict[str, dict]:
    """The run files of a folder that holds other files too: the name of a run says which torch it was."""
    return {path.stem: results.read(path) for path in sorted(folder.glob("*_torch*.json"))}


def _seconds(index: Path) -> dict[str, float]:
    if not index.exists():
        return {}
    entries = json.loads(index.read_text(encoding="utf-8"))["transcripts"]
    return {name: entry["seconds"] for name, entry in entries.items()}


def _with_slash(url: str) -> str:
    return f"{url.rstrip('/')}/" if url else ""


def files(inputs: Inputs) -> dict[str, str]:
    """The text of each generated file, by its path under `docs/`."""
    bugs, runs, controls = inputs.bugs, inputs.runs, inputs.controls
    pieces = {
        "command": home_page.command(inputs.site_url),
        "healthy": home_page.answer(inputs.transcripts.get("validate-healthy")),
        "sick": home_page.answer(inputs.transcripts.get("validate-sick")),
        "seconds": home_page.seconds(inputs.seconds),
        "time-needed": home_page.time_needed(inputs.seconds),
        "macs": home_page.macs(runs),
        "bug-summary": index_page.summary(bugs, runs, controls),
        "bug-index": index_page.bug_index(bugs, runs, controls),
        "results": results_page.results(bugs, runs),
        "local": results_page.local_results(bugs, inputs.local),
        "controls": verification_page.controls_table(bugs, controls),
        "numerics": numerics.__doc__,
        "rule": verification_page.rule(controls),
        "properties": vocabulary_page.properties(),
        "effects": vocabulary_page.effects(),
    }
    found = {f"generated/{name}.md": f"{text}\n" for name, text in pieces.items()}
    for bug in bugs:
        found[f"bugs/{bug.slug}.md"] = bug_page.page(bug, runs, controls, inputs.site_url)
        found[f"bugs/{bug.path.name}"] = bug.source
    for path in COPIED:
        found[Path(path).name] = (catalogue.ROOT / path).read_text(encoding="utf-8")
    return found
