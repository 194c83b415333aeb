"""`mpscheck bundle`: build the single-file tools under snippets/ from their modules and the catalogue."""

import click

from mpscheck import bundle
from mpscheck.catalogue import ROOT


def main(check: bool) -> int:
    """0 when the files are (or are now) what their modules say, 1 if `check` finds one that is not, 2 cannot build."""
    try:
        stale = [tool for tool in bundle.TOOLS if not is_current(tool)]
        if not check:
            for tool in stale:
                bundle.write(tool)
                click.echo(f"wrote snippets/{tool}")
            return 0
    except bundle.BadPart as error:
        click.echo(f"cannot build: {error}.", err=True)
        return 2
    for tool in stale:
        click.echo(f"snippets/{tool} is not what its modules and the catalogue give: run mpscheck bundle")
    return 1 if stale else 0


def has_current_code(tool: str) -> bool:
    """True if the file under snippets/ has the code of its modules, whatever catalogue it carries."""
    path = ROOT / "snippets" / tool
    return path.exists() and bundle.code_of(path.read_text(encoding="utf-8")) == bundle.code_of(bundle.build(tool))


def is_current(tool: str) -> bool:
    """True if the file under snippets/ is what a build gives now."""
    path, text = ROOT / "snippets" / tool, bundle.build(tool)
    return path.exists() and path.read_text(encoding="utf-8") == text
