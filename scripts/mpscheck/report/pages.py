"""All generated files of the site: a dict from a path under `docs/` to its text. Pure, but for reading the inputs."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from mpscheck import catalogue, numerics, results
from mpscheck.report import bug_page, evidence, tables

TRANSCRIPTS = evidence.EMULATED / "transcripts"
COPIED = ("snippets/validate_mps.py",)  # files that a reader downloads, beside the bugs' own


@dataclass(frozen=True)
class Inputs:
    """What the pages are made of: the catalogue, run files by name, controls, what programs
    printed and how long they took, the site's address."""

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
        "command": command(inputs.site_url),
        "healthy": answer(inputs.transcripts.get("validate-healthy")),
        "sick": answer(inputs.transcripts.get("validate-sick")),
        "seconds": tables.seconds(inputs.seconds),
        "time-needed": tables.time_needed(inputs.seconds),
        "macs": tables.macs(runs),
        "bug-summary": tables.summary(bugs, runs, controls),
        "bug-index": tables.bug_index(bugs, runs, controls),
        "results": tables.results(bugs, runs),
        "local": tables.local_results(bugs, inputs.local),
        "controls": tables.controls_table(bugs, controls),
        "numerics": numerics.__doc__,
        "rule": tables.rule(controls),
        "properties": tables.properties(),
        "effects": tables.effects(),
    }
    found = {f"generated/{name}.md": f"{text}\n" for name, text in pieces.items()}
    for bug in bugs:
        found[f"bugs/{bug.slug}.md"] = bug_page.page(bug, runs, controls, inputs.site_url)
        found[f"bugs/{bug.path.name}"] = bug.source
    for path in COPIED:
        found[Path(path).name] = (catalogue.ROOT / path).read_text(encoding="utf-8")
    return found


def command(site_url: str) -> str:
    """The one line to paste; it fetches the file only where the site has a public address."""
    fetch = f"curl -fsSLO {site_url}validate_mps.py && " if site_url else ""
    return f"```sh\n{fetch}python validate_mps.py\n```"


def answer(transcript: str | None) -> str:
    """The lines of a transcript that matter most: the figures on each device, and the last line."""
    lines = transcript.splitlines() if transcript else ["not run yet"]
    return "```text\n" + "\n".join([line for line in lines[:-1] if line.startswith("[")] + lines[-1:]) + "\n```"
