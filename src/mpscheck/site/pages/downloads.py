"""The files that a reader downloads, and what programs printed, for the pages that show it."""

from pathlib import Path

from mpscheck.places import ROOT
from mpscheck.site.inputs import Inputs

TOOLS = (  # beside the bugs' own files
    "snippets/validate_mps.py",
    "snippets/pick_device.py",
    "snippets/audit_mps.py",
    "snippets/locate_divergence.py",
)


def files(inputs: Inputs) -> dict[str, str]:
    """The tools as they are checked in, and the output of each program."""
    found = {f"generated/printed/{name}.txt": f"{text}\n" for name, text in inputs.printed.items()}
    return found | {Path(path).name: (ROOT / path).read_text(encoding="utf-8") for path in TOOLS}
