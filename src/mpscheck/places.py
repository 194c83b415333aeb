"""Where things are: the root of the repository and the folders that more than one module needs."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
SNIPPETS = ROOT / "snippets"
BUGS = SNIPPETS / "bugs"
CATALOGUE = ROOT / "catalogue"
RESULTS = ROOT / "results"


def shown(path: Path) -> str:
    """A path as a reader types it: from the root of the repository, or as it was given."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
