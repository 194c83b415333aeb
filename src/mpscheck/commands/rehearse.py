"""`mpscheck rehearse`: made-up runs, and the source of a site that is built from them, marked on each page and data file."""

import dataclasses
import json
import shutil
from pathlib import Path

import click

from mpscheck.bugs import catalogue
from mpscheck.bugs.bug import Bug
from mpscheck.commands import site
from mpscheck.known import repeated
from mpscheck.places import ROOT
from mpscheck.rehearsal import planted, reporter, runs
from mpscheck.runs import results, slim
from mpscheck.site.files import files
from mpscheck.site.inputs import Inputs, read_inputs

FOLDER = ROOT / ".cache" / "rehearsal"


def main(few: bool, made_up: str | None = None) -> int:
    """0 when written; with runs that are there already, such as those of `mpscheck road`, only the pages."""
    if made_up is not None:
        shutil.rmtree(FOLDER / "source", ignore_errors=True)
        write_source(FOLDER / "source", Path(made_up))
        return 0
    bugs = catalogue.with_check()
    count = write(FOLDER, runs.few(bugs) if few else bugs)
    click.echo(f"{count} made-up runs with {len(planted.load().cases)} planted cases; they are no results of any Mac")
    return 0


def write(folder: Path, bugs: tuple[Bug, ...]) -> int:
    """Write `results/` of these checks and `source/` anew below a folder; how many runs. Leaves the repository as it is."""
    for name in ("results", "source"):
        shutil.rmtree(folder / name, ignore_errors=True)
    count = runs.write(folder / "results", bugs)
    results.write_atomic(folder / "results" / "reporter.schema.json", reporter.schema())
    for name, result in reporter.made(planted.load()):
        results.write_atomic(
            folder / "results" / "reporter" / name, json.dumps(result, indent=1, sort_keys=True) + "\n"
        )
    write_source(folder / "source", folder / "results")
    return count


def write_source(folder: Path, made_up: Path) -> None:
    """The source of the site with these runs, in a new folder."""
    site.copy_source(folder)
    site.write(marked(pages(made_up)), folder / "docs")
    site.add_wheel(folder / "docs" / "wheel")


def pages(made_up: Path) -> dict[str, str]:
    """The generated files of the site as they are with these runs."""
    return files(inputs(made_up))


def inputs(made_up: Path) -> Inputs:
    """What the pages are made of, with these runs. The one place that reads runs by another schema."""
    found = {name: dict(slim.read(made_up / name, schema=made_up / "schema.json")) for name in planted.FOLDERS}
    again = repeated.read_folder(made_up / "reporter", made_up / "reporter.schema.json")
    return dataclasses.replace(read_inputs(), **found, reporter=again, local={}, site_url="")


def marked(found: dict[str, str]) -> dict[str, str]:
    """The same, the data for programs with the mark of a made-up run; pages have a banner (mkdocs.rehearsal.yml)."""
    return {name: _marked(name, text) for name, text in found.items()}


def _marked(name: str, text: str) -> str:
    if name.startswith("api/") and name.endswith(".json") and not name.endswith(".schema.json"):
        return json.dumps({"evidence": runs.MARKER, **json.loads(text)}, indent=1, ensure_ascii=False) + "\n"
    if name.endswith(".xml"):
        return text.replace("<title>", f"<subtitle>{runs.SAID}</subtitle>\n<title>", 1)
    return f"{runs.SAID}\n\n{text}" if name == "llms.txt" else text
