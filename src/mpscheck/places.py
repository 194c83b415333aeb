"""Where things are: the root of the repository and the folders that more than one module needs.

Installed from a wheel there is no repository: what is read of it lies in the package, and what is written goes into the
folder that the command was started in.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
IS_CLONE = not (PACKAGE / "data").is_dir()  # which a wheel alone has
ROOT = PACKAGE.parents[1] if IS_CLONE else PACKAGE / "data"
SNIPPETS = ROOT / "snippets"
BUGS = SNIPPETS / "bugs"
CATALOGUE = ROOT / "catalogue"
RESULTS = ROOT / "results"
OWN = RESULTS if IS_CLONE else Path.cwd() / "mpscheck-results"  # what this machine measures: local/, unverified/
WATCHED = ROOT / ".cache" / "watched.json"  # when the watcher looked, see scripts/ci/watched.py


def shown(path: Path) -> str:
    """A path as a reader types it: from the root of the repository, or from here, or as it was given."""
    top = ROOT if IS_CLONE else Path.cwd()
    return str(path.relative_to(top)) if path.is_relative_to(top) else str(path)
