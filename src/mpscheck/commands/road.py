"""`mpscheck road`: a made-up release of torch from the index to the site, each step with its time."""

import tempfile
from pathlib import Path

import click

from mpscheck.rehearsal import road
from mpscheck.runs import results
from mpscheck.site.inputs import ROAD


def main(build: bool, publish: bool) -> int:
    """0 when the whole way was gone; 1 where a step did not do what it is there for."""
    steps = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for step in road.walk(Path(folder), build):
                steps.append(step)
                click.echo(f"{step.seconds:6.1f} s  {step.name}: {step.found}")
        except (road.Astray, AssertionError) as error:
            click.echo(f"After {len(steps)} steps: {error}", err=True)
            return 1
    click.echo(f"{sum(step.seconds for step in steps):6.1f} s  all of it")
    if publish:
        results.write_atomic(ROAD, road.document(steps))
    return 0
