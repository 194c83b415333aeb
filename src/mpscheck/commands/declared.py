"""`mpscheck declared`: read PyTorch's own wheels for macOS, on any machine, and keep what they declare."""

import tempfile
from pathlib import Path

import click

from mpscheck.known import releases, wheels
from mpscheck.progress import progress
from mpscheck.runs.results import write_atomic


def main(versions: tuple[str, ...]) -> int:
    """Exit code 0: all read; 2: a wheel could not be had or read. What was read before that is kept."""
    known = [release.version for release in releases.load()]
    unknown = sorted(set(versions) - set(known))
    if unknown:
        raise wheels.BadWheel(f"there is no release {unknown[0]!r} in catalogue/torch-releases.json")
    wanted = versions or [version for version in known if not wheels.path(version).exists()]
    with progress("wheels", len(wanted)) as step:
        for version in wanted:
            with tempfile.TemporaryDirectory() as folder:
                declared = wheels.read(wheels.download(version, Path(folder)))
            write_atomic(wheels.path(version), wheels.text(declared))
            step(version)
    lists = [wheels.load(version) for version in known]
    with_lists = sum(bool(one and one.expected_failures) for one in lists)
    click.echo(
        f"{len(wanted)} wheels read now; of {len(known)} releases {len(known) - lists.count(None)} are read, "
        f"{with_lists} of them with the failures that PyTorch's tests expect."
    )
    return 0
