"""`mpscheck environments`: make the environments of other library versions."""

import time

import click

from mpscheck import environments


def main(wanted: tuple[str, ...]) -> int:
    """0 when all wanted environments (all there are if none is named) are made, else 2 with one sentence."""
    for name in wanted or environments.names():
        started = time.monotonic()
        made = name in environments.names() and environments.is_made(name)
        try:
            environments.make(name)
        except environments.CannotMake as error:
            click.echo(f"{name}: {error}", err=True)
            return 2
        if not made:
            click.echo(f"{name}: made in {time.monotonic() - started:.0f} s", err=True)
    return 0
