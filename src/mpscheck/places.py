"""Where things are: the root of the repository and the folders that more than one module needs."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
SNIPPETS = ROOT / "snippets"
BUGS = SNIPPETS / "bugs"
CATALOGUE = ROOT / "catalogue"
RESULTS = ROOT / "results"
