"""`mpscheck site`: write the generated files of the site, and remove those of bugs that are no more."""

import shutil
import subprocess
import sys
from pathlib import Path

import click

from mpscheck.places import ROOT
from mpscheck.runs import results
from mpscheck.site.files import files
from mpscheck.site.inputs import read_inputs

DOCS = ROOT / "docs"
FOLDERS = ("generated", "bugs", "matrix", "releases", "runs", "api")  # hold generated files only


def main() -> int:
    """0 when written; what is wrong with an input ends in one sentence and exit code 2."""
    found = files(read_inputs())
    changed = write(found)
    add_wheel(DOCS / "wheel")
    click.echo(f"{len(found)} files for the site, {changed} of them changed")
    return 0


def write(found: dict[str, str], docs=DOCS) -> int:
    """Write what differs from what is there, remove what is no longer generated; how many files changed."""
    there = [path for folder in FOLDERS for path in (docs / folder).rglob("*") if path.is_file()]
    old = [path for path in there if str(path.relative_to(docs)) not in found]
    for path in old:
        path.unlink()
    new = {docs / name: text for name, text in found.items()}
    changed = {path: text for path, text in new.items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in changed.items():
        results.write_atomic(path, text)
    return len(changed) + len(old)


def add_wheel(folder: Path) -> None:
    """This commit's wheel, which the site offers; the one that was there is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, ROOT / "scripts" / "wheel.py", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(done.stderr.strip())


def copy_source(folder: Path) -> None:
    """A new folder to build the site in: what pages include as links, and the hand-written docs, to be written into."""
    folder.mkdir(parents=True)
    for path in ROOT.iterdir():
        if path.name not in ("docs", "site") and not path.name.startswith("."):
            (folder / path.name).symlink_to(path)
    generated = shutil.ignore_patterns(*FOLDERS)
    shutil.copytree(DOCS, folder / "docs", ignore=lambda at, names: generated(at, names) if Path(at) == DOCS else [])
