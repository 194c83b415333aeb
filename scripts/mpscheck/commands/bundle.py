"""`mpscheck bundle`: build the single-file tools under snippets/ from their modules and the catalogue."""

import click

from mpscheck import bundle
from mpscheck.catalogue import ROOT


def main(check: bool) -> int:
    """0 when the files are (or are now) what their modules say, 1 if `check` finds one that is not, 2 cannot build."""
    try:
        if not check:
            for tool in bundle.write_all():
                click.echo(f"wrote snippets/{tool}")
            return 0
        stale = [tool for tool in bundle.TOOLS if not is_current(tool)]
    except bundle.BadPart as error:
        click.echo(f"cannot build: {error}.", err=True)
        return 2
    for tool in stale:
        click.echo(f"snippets/{tool} is not what its modules and the catalogue give: run mpscheck bundle")
    return 1 if stale else 0


def is_current(tool: str) -> bool:
    """True if the file under snippets/ is what a build gives now."""
    path, text = ROOT / "snippets" / tool, bundle.build(tool)
    return path.exists() and path.read_text(encoding="utf-8") == text
