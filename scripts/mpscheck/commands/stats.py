"""`mpscheck stats`: how many bugs there are, by family, by kind and by evidence."""

import json

import click

from mpscheck import catalogue, results
from mpscheck.report import evidence, index_page


def main(as_json: bool) -> int:
    """0 always; what is wrong with an input ends in one sentence and exit code 2."""
    bugs = catalogue.load()
    counts = index_page.counts(bugs, results.read_folder(results.RUNS), evidence.read_controls())
    if as_json:
        click.echo(json.dumps({"bugs": len(bugs), **counts}, indent=1))
        return 0
    click.echo(f"{len(bugs)} bugs")
    for name, found in counts.items():
        click.echo(f"\nby {name}")
        for value, number in found.items():
            click.echo(f"  {number:4} {value}")
    return 0
