"""What the package index that pip uses has of a project: its own JSON (PEP 691). Needs the environment `no-torch`."""

import json
import os
import re
import subprocess
import sys
import urllib.request

from mpscheck.known import watch

ACCEPT = "application/vnd.pypi.simple.v1+json"
URL = re.compile(r"--index-url <url>\s.*?\(default\s+(\S+?)\)", re.DOTALL)
SECONDS = 60


def releases(project: str) -> list[watch.OnIndex]:
    """All releases of a project, oldest first. Raises BadIndex, in one sentence, where the index does not answer."""
    try:
        request = urllib.request.Request(f"{address()}/{project}/", headers={"Accept": ACCEPT})
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return watch.releases(json.load(answer))
    except (OSError, ValueError) as error:  # URLError is an OSError, BadIndex and what json raises a ValueError
        reason = error if isinstance(error, watch.BadIndex) else type(error).__name__
        raise watch.BadIndex(f"the index does not say which releases of {project} there are: {reason}") from None


def address() -> str:
    """The index that pip asks, with what its settings and variables say. pip tells it in its help, and nowhere else."""
    command = [sys.executable, "-m", "pip", "download", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "1000"}).stdout
    found = URL.search(said)
    if found is None:
        raise watch.BadIndex("pip does not say which index it asks")
    return found[1].rstrip("/")
