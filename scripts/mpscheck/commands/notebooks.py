"""`mpscheck notebooks`: execute the notebooks and the programs whose output pages show, and keep what they give.

A notebook is stored executed, so that the site can be built without torch. It is executed only where its cells, the
emulated device or the files that it reads have changed since. One that needs other versions of libraries runs in their
environment; where that is not made, the notebook stays as it is, and a sentence says how to make it.
"""

import hashlib
import os
import sys
from pathlib import Path

import click
import nbformat

from environments import make as environments
from mpscheck import provenance, results
from mpscheck.catalogue import ROOT
from mpscheck.commands import transcripts

NOTEBOOKS = ROOT / "docs" / "notebooks"
READ = (transcripts.VALIDATE, f"snippets/bugs/{transcripts.FAULT}.py", "snippets/models/ioi-small/model.safetensors")
ENVIRONMENTS = {"case.ipynb": ("transformerlens-2.17.0", "transformerlens-3.9.0")}  # the first one runs the cells
READ_TOO = {  # the modules and the bugs of which its two tools are built: not the entries that it does not show
    "case.ipynb": (
        "scripts/environments/transformerlens-2.17.0.txt",
        "scripts/environments/transformerlens-3.9.0.txt",
        "scripts/mpscheck/known.py",
        "scripts/mpscheck/versions.py",
        "scripts/mpscheck/tools/**/*.py",
        "snippets/bugs/*.py",
    )
}


def main() -> int:
    """0 when all is current, 1 when a notebook is not since its environment is not made, 2 when one fails."""
    executed, left = 0, 0
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        inputs = inputs_of(notebook, (*READ, *READ_TOO.get(path.name, ())))
        if notebook.metadata.get("mpscheck", {}).get("inputs") == inputs:
            continue
        needed = ENVIRONMENTS.get(path.name, ())
        missing = [name for name in needed if not environments.is_made(name)]
        if missing:
            click.echo(not_made(path.name, missing), err=True)
            left += 1
            continue
        click.echo(f"executing {path.name}", err=True)
        python = environments.python_of(needed[0]) if needed else Path(sys.executable)
        try:
            execute(notebook, path.parent, python)
        except Exception as error:
            click.echo(f"{path.name} could not be executed: {str(error)[-800:]}", err=True)
            return 2
        results.write_atomic(path, nbformat.writes(cleaned(notebook, inputs)) + "\n")
        executed += 1
    try:
        ran = transcripts.refresh(say=lambda words: click.echo(words, err=True))
    except transcripts.Unexpected as error:
        click.echo(f"{error}.", err=True)
        return 2
    changed = (
        f"{executed} notebooks executed, {ran} programs run" if executed or ran else "nothing changed, nothing run"
    )
    current = f"all but {left} of the notebooks" if left else "notebooks"
    click.echo(f"{current} and shown outputs are current: {changed}")
    return 1 if left else 0


def not_made(notebook: str, missing: list[str]) -> str:
    """One sentence on a notebook that cannot be executed here, and how it could."""
    return (
        f"{notebook} is shown as it was: something that it depends on has changed, and executing it needs environments "
        f"that `.venv/bin/python scripts/environments/make.py {' '.join(missing)}` makes."
    )


def inputs_of(notebook, read: tuple[str, ...] = READ) -> str:
    """Hash of what the outputs depend on: the cells, the emulated device, and the files (globs) that the cells read."""
    cells = [f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells if cell.cell_type == "code"]
    paths = [path for pattern in read for path in sorted(ROOT.glob(pattern))]
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    text = "\0".join([*cells, *files, provenance.emulation_hash()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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


def cleaned(notebook, inputs: str):
    """The executed notebook without what differs from run to run: stderr, versions of the kernel, ids of cells."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "mpscheck": {"inputs": inputs},
    }
    nbformat.validate(notebook)
    return notebook
