import re

import nbformat
import pytest

from mpscheck.commands import notebooks, transcripts
from mpscheck.runs import emulated, made_of


def notebook(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("words"), *cells])


def test_a_changed_cell_counts_and_a_changed_word_does_not():
    one, other = notebook("1"), notebook("1")
    other.cells[0].source = "other words"
    assert notebooks.parts(one) == notebooks.parts(other)
    assert made_of.changed(notebooks.parts(one), notebooks.parts(notebook("2"))) == ["cells"]


def test_a_changed_file_counts_for_what_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(made_of, "ROOT", tmp_path)
    (tmp_path / "tools").mkdir()
    before = notebooks.parts(notebook("1"), ("tools/*.py", "other/*.py"))
    (tmp_path / "tools" / "a.py").write_text("1")
    assert made_of.changed(before, notebooks.parts(notebook("1"), ("tools/*.py", "other/*.py"))) == ["tools/*.py"]


def test_every_file_that_a_notebook_reads_is_there(root):
    for pattern in (*notebooks.READ, *(pattern for read in notebooks.READ_TOO.values() for pattern in read)):
        assert list(root.glob(pattern)), pattern


def test_no_notebook_is_made_of_all_bugs():
    """Else every new snippet would make it stale."""
    assert not [p for read in (notebooks.READ, *notebooks.READ_TOO.values()) for p in read if "snippets/bugs/*" in p]


def test_a_shown_output_depends_on_each_file_that_its_command_names(tmp_path, monkeypatch):
    for module in (made_of, transcripts):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    program = transcripts.Program("shown", ("tool.py", "--option", "script.py"))
    (tmp_path / "tool.py").write_text("1")
    (tmp_path / "script.py").write_text("1")
    before = program.made_of()
    assert program.made_of() == before
    (tmp_path / "script.py").write_text("2")
    assert made_of.changed(before, program.made_of()) == ["script.py"]


def test_the_words_of_the_rebuilt_case_hold_for_its_output():
    case = nbformat.read(notebooks.NOTEBOOKS / "case.ipynb", as_version=4)
    output = "".join(out.get("text", "") for cell in case.cells for out in cell.get("outputs", ()))
    figures = dict(re.findall(r"(?m)^(CPU|healthy|sick|cured) +(.*)$", output))
    assert "LD=+" in figures["sick"] and not figures["sick"].endswith("accuracy 100%")  # the sign of one prompt passes
    assert figures["CPU"] == figures["healthy"] == figures["cured"] != figures["sick"]
    assert "FOUND: aten::linear in blocks.0.attn." in output
    assert "Attention (blocks.0.attn)" in output  # what audit names
    assert re.search(r"2\.17\.0\n(.*\n)+DISAGREES.*\n\ntransformer-lens: 3\.(.*\n)+AGREES", output)


def test_cleaned_has_nothing_that_varies():
    first, second = notebook("print(1)"), notebook("print(1)")
    for one, note in ((first, "warning 1"), (second, "warning 2")):
        one.cells[1].outputs = [
            nbformat.v4.new_output("stream", name="stderr", text=note),
            nbformat.v4.new_output("stream", name="stdout", text="1\n"),
        ]
        one.metadata["language_info"] = {"version": note}
    assert nbformat.writes(notebooks.cleaned(first, {})) == nbformat.writes(notebooks.cleaned(second, {}))


@pytest.mark.parametrize("path", sorted(notebooks.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_stored_notebooks_are_executed_without_error(path):
    stored = nbformat.read(path, as_version=4)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert code and all(cell.execution_count for cell in code)
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    assert stored.metadata["mpscheck"]["made_of"]["cells"]


def test_no_local_path_is_in_what_the_pages_show(root):
    transcribed = list((emulated.PUBLISHED / transcripts.KIND).glob("*.json"))
    assert transcribed
    for path in (*notebooks.paths(), *transcribed):
        assert str(root) not in path.read_text(encoding="utf-8"), path.name


def test_a_cell_that_fails_is_an_error(tmp_path):
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks.execute(notebook("1 / 0"), tmp_path)


def test_execution_has_the_healthy_device(tmp_path):
    one = notebook("import torch; print(torch.ones(2, device='emu').sum().item())")
    notebooks.execute(one, tmp_path)
    assert one.cells[1].outputs[-1].text == "2.0\n"


@pytest.mark.parametrize("path", notebooks.paths(), ids=lambda path: path.name)
def test_what_the_cells_import_of_ours_is_there(path):
    """A notebook is executed now and then only: a module that has moved would be missed until then."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    lines = [line.strip() for cell in cells for line in cell.splitlines() if line.strip().startswith("from mpscheck")]
    assert lines
    for line in lines:
        exec(line, {})
