"""`mpscheck notebooks`: execute the notebooks and the programs whose output pages show, and keep what they give.

A notebook is stored executed, so that the site can be built without torch. It is executed only where its cells, the
emulated device, the model or `validate_mps.py` have changed since.
"""

import hashlib
import os
from pathlib import Path

import click
import nbformat

from mpscheck import provenance, results
from mpscheck.catalogue import ROOT
from mpscheck.commands import transcripts

NOTEBOOKS = ROOT / "docs" / "notebooks"
READ = (transcripts.VALIDATE, f"snippets/bugs/{transcripts.FAULT}.py", "snippets/models/ioi-small/model.safetensors")


def main() -> int:
    """0 when all is current, 2 when something could not be executed as expected."""
    executed = 0
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        inputs = inputs_of(notebook)
        if notebook.metadata.get("mpscheck", {}).get("inputs") == inputs:
            continue
        click.echo(f"executing {path.name}", err=True)
        try:
            execute(notebook, path.parent)
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
    click.echo(f"notebooks and shown outputs are current: {changed}")
    return 0


def inputs_of(notebook) -> str:
    """Hash of what the outputs depend on: the cells, the emulated device, and the files that the cells read."""
    cells = [f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells if cell.cell_type == "code"]
    files = [hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in READ]
    text = "\0".join([*cells, *files, provenance.emulation_hash()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def execute(notebook, folder: Path) -> None:
    """Run all cells in a new kernel of this Python with the healthy emulated device. An error in a cell passes through."""
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
