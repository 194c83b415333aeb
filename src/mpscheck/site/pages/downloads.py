"""The files that a reader downloads, and what programs printed, for the pages that show it."""

import tomllib
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
    found = {"generated/run-command.md": run_command(inputs.site_url)}
    found |= {f"generated/printed/{name}.txt": f"{text}\n" for name, text in inputs.printed.items()}
    return found | {Path(path).name: (ROOT / path).read_text(encoding="utf-8") for path in TOOLS}


def run_command(site_url: str) -> str:
    """One command for a Mac without a clone, with the wheel that the site offers (scripts/wheel.py builds it)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wheel = f"{project['name']}-{project['version']}-py3-none-any.whl"
    address = f"{site_url}wheel/{wheel}" if site_url else f"./{wheel}"
    where = f"the [wheel](wheel/{wheel}){{ download }}"
    first = (
        f"No clone is needed: the command takes {where} from here."
        if site_url
        else f"No clone is needed: download {where}, then:"
    )
    command = f"uvx --python 3.12 --with torch==2.8.0 --from {address} mpscheck run --device mps --publish"
    return f"{first}\n\n```sh\n{command}\n```\n"
