"""`mpscheck settle`: the contradictions between our runs and what is said, each with the change that would settle it."""

import click

from mpscheck.bugs import catalogue
from mpscheck.known import measured, proposal
from mpscheck.places import shown
from mpscheck.runs import results, slim


def main(names: tuple[str, ...]) -> int:
    """Print each contradiction and the diff of the bug's file; 1 if there is one. Nothing is changed."""
    bugs = [catalogue.find(name) for name in names] or list(catalogue.with_check())
    index = measured.index(bugs, dict(slim.read(results.RUNS)), dict(slim.read(results.UNVERIFIED)))
    found = 0
    for bug in bugs:
        proposed = proposal.proposed_range(bug, index)
        if proposed is None:
            continue
        found += 1
        click.echo(f"{bug.slug}:")
        for one in proposed.rests_on:
            runs = ", ".join(results.printable(m.run) for m in one.rests_on)
            click.echo(f"  {'; '.join(map(str, one.where))}: {one.words} ({one.basis}; {runs})")
        if proposed.why_not:
            click.echo(f"  no range is proposed: {proposed.why_not}")
            continue
        click.echo(proposal.diff(bug, proposed, shown(bug.check.path)), nl=False)
    if not found:
        click.echo("No run contradicts what is said.")
    return 1 if found else 0
