import nbformat
import pytest

from mpscheck.commands import notebooks, transcripts


def notebook(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("words"), *cells])


def test_a_changed_cell_changes_the_inputs_and_a_changed_word_does_not():
    one, other = notebook("1"), notebook("1")
    other.cells[0].source = "other words"
    assert notebooks.inputs_of(one) == notebooks.inputs_of(other) != notebooks.inputs_of(notebook("2"))


def test_cleaned_has_nothing_that_varies():
    first, second = notebook("print(1)"), notebook("print(1)")
    for one, note in ((first, "warning 1"), (second, "warning 2")):
        one.cells[1].outputs = [
            nbformat.v4.new_output("stream", name="stderr", text=note),
            nbformat.v4.new_output("stream", name="stdout", text="1\n"),
        ]
        one.metadata["language_info"] = {"version": note}
    assert nbformat.writes(notebooks.cleaned(first, "x")) == nbformat.writes(notebooks.cleaned(second, "x"))


@pytest.mark.parametrize("path", sorted(notebooks.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_stored_notebooks_are_executed_without_error(path):
    stored = nbformat.read(path, as_version=4)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert code and all(cell.execution_count for cell in code)
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    assert stored.metadata["mpscheck"]["inputs"]


def test_no_local_path_is_in_what_the_pages_show(root):
    shown = [*notebooks.NOTEBOOKS.glob("*.ipynb"), *transcripts.TRANSCRIPTS.glob("*.txt")]
    for path in shown:
        assert str(root) not in path.read_text(encoding="utf-8"), path.name


def test_a_cell_that_fails_is_an_error(tmp_path):
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.execute(notebook("1 / 0"), tmp_path)


def test_execution_has_the_healthy_device(tmp_path):
    one = notebook("import torch; print(torch.ones(2, device='emu').sum().item())")
    notebooks.execute(one, tmp_path)
    assert one.cells[1].outputs[-1].text == "2.0\n"
