"""The notebooks: executing them, and keeping what they give.

A notebook is stored executed, so that the site can be built without torch. Its metadata say what it was made of. One that
needs other versions of libraries runs in their environment.
"""

import os
import sys
from pathlib import Path

import nbformat

from mpscheck import environments
from mpscheck.commands import transcripts
from mpscheck.places import ROOT
from mpscheck.runs import made_of, results

NOTEBOOKS = ROOT / "docs" / "notebooks"
READ = (transcripts.VALIDATE, f"snippets/bugs/{transcripts.FAULT}.py", "snippets/models/ioi-small/model.safetensors")
ENVIRONMENTS = {"case.ipynb": ("transformerlens-2.17.0", "transformerlens-3.9.0")}  # the first one runs the cells
READ_TOO = {  # the modules of which its two tools are built: not the catalogue in them, of which it shows one bug
    "case.ipynb": (
        "scripts/environments/transformerlens-2.17.0.txt",
        "scripts/environments/transformerlens-3.9.0.txt",
        "src/mpscheck/tools/known.py",
        "src/mpscheck/bugs/versions.py",
        "src/mpscheck/tools/**/*.py",
    )
}


def paths() -> list[Path]:
    """The notebooks."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def made_of_now(path: Path) -> dict[str, str]:
    """What the outputs of a notebook depend on: its cells, the files that they read, the emulated device."""
    return parts(nbformat.read(path, as_version=4), (*READ, *READ_TOO.get(path.name, ())))


def parts(notebook, read: tuple[str, ...] = READ) -> dict[str, str]:
    """Hashes of the cells, of the files (globs) that they read, and of the emulated device."""
    cells = made_of.digest(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return {"cells": cells, **{pattern: made_of.files(pattern) for pattern in read}, "device": made_of.device()}


def stale(path: Path) -> str | None:
    """Why a notebook is not current; None if it is."""
    kept = nbformat.read(path, as_version=4).metadata.get("mpscheck", {}).get("made_of", {})
    changed = made_of.changed(kept, made_of_now(path))
    return f"changed since: {', '.join(changed)}" if changed else None


def renew(path: Path) -> None:
    """Execute a notebook and keep what it gives. Whatever a cell raises passes through."""
    notebook = nbformat.read(path, as_version=4)
    needed = ENVIRONMENTS.get(path.name, ())
    execute(notebook, path.parent, environments.python_of(needed[0]) if needed else Path(sys.executable))
    results.write_atomic(path, nbformat.writes(cleaned(notebook, made_of_now(path))) + "\n")


def execute(notebook, folder: Path, python: Path = Path(sys.executable)) -> None:
    """Run all cells in a new kernel of a Python with the healthy emulated device. An error in a cell passes through."""
    from nbclient import NotebookClient

    kept = dict(os.environ)
    os.environ |= {"MPSCHECK_EMU": "1", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1"}
    os.environ.pop("MPSCHECK_FAULTS", None)
    try:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=600,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
            extra_arguments=["--log-level=40"],  # no word on how the kernel is reached
        )
        client.create_kernel_manager().kernel_spec.argv[0] = str(python)
        client.execute()
    finally:
        os.environ.clear()
        os.environ.update(kept)


def cleaned(notebook, parts: dict[str, str]):
    """The executed notebook without what differs from run to run: stderr, versions of the kernel, ids of cells."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "mpscheck": {"made_of": parts},
    }
    nbformat.validate(notebook)
    return notebook
