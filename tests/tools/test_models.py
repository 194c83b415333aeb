"""Loading models: one loader, so that validate_mps.py and locate_divergence.py take the same and say the same."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from mpscheck.tools import models

TOOLS = ("validate_mps.py", "locate_divergence.py")


@pytest.fixture
def last_line(capsys):
    """last_line(file, argument, …): what the command line of a file ends with where it could not check."""

    def run(file, *arguments) -> str:
        spec = importlib.util.spec_from_file_location(f"tried_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look for it there
        spec.loader.exec_module(module)
        assert module.main(["--device", "cpu", *map(str, arguments)]) == 2
        del sys.modules[spec.name]
        return capsys.readouterr().out.splitlines()[-1]

    return run


@pytest.fixture
def transformer_lens(tmp_path, monkeypatch):
    """Put another transformer_lens in the place of the one installed: the text of its __init__.py, and its folders."""

    def make(text: str, *folders: str) -> None:
        package = tmp_path / "packages" / "transformer_lens"
        for folder in (package, *(package / name for name in folders)):
            folder.mkdir(parents=True)
            (folder / "__init__.py").write_text(text)
        monkeypatch.syspath_prepend(package.parent)
        for name in [name for name in sys.modules if name.partition(".")[0] == "transformer_lens"]:
            monkeypatch.delitem(sys.modules, name)

    return make


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "nonsense"], "has no device 'nonsense'"),
        (["--model", "no-such-folder"], "there is no model no-such-folder: take gpt2, a folder or a GGUF file; smollm2 and"),
        (["--model", "none.gguf"], "there is no model none.gguf: take gpt2, a folder or a GGUF file; smollm2 and"),
    ],
)  # fmt: skip
def test_both_say_the_same_of_what_is_not_there(last_line, root, tool, arguments, words):
    said = last_line(root / "snippets" / tool, *arguments)
    assert said.startswith("COULD NOT CHECK: ") and words in said


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("model", ["smollm2", "ioi-small"])
def test_both_need_these_models_beside_them(last_line, root, tmp_path, tool, model):
    said = last_line(Path(shutil.copy(root / "snippets" / tool, tmp_path)), "--model", model)
    assert "smollm2 and ioi-small lie in `models` beside this file" in said


@pytest.mark.parametrize("tool", TOOLS)
def test_both_take_a_folder_as_it_is_and_say_what_the_library_says(last_line, root, tmp_path, tool):
    """A folder without weights has a config and a tokenizer."""
    for path in (root / "snippets/models/ioi-small").glob("*.json"):
        shutil.copy(path, tmp_path)
    said = last_line(root / "snippets" / tool, "--model", tmp_path, "--entry", "transformers")
    assert said.startswith(f"COULD NOT CHECK: {tmp_path} could not be loaded (OSError: ")
    assert "; smollm2 and ioi-small need no network" in said


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("raised", ["ImportError", "AttributeError"])  # each was seen, with another transformers
def test_a_clash_of_transformer_lens_with_transformers_is_one_sentence(last_line, root, transformer_lens, tool, raised):
    transformer_lens(f"raise {raised}('no such name in transformers')")
    said = last_line(root / "snippets" / tool, "--model", "ioi-small", "--entry", "hooked")
    words = "transformer_lens as installed has no --entry hooked (no such name in transformers)"
    assert said.startswith(f"COULD NOT CHECK: {words}")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_missing_package_is_named_with_what_installs_it(last_line, root, monkeypatch, tool):
    monkeypatch.setitem(sys.modules, "transformers", None)
    said = last_line(root / "snippets" / tool, "--model", "ioi-small")
    assert said.startswith(f"COULD NOT CHECK: a package is missing: {sys.executable} -m pip install transformers")


@pytest.mark.parametrize(("folders", "entry"), [((), "hooked"), (("model_bridge",), "bridge")])
def test_the_newest_entry_is_found_without_an_import(transformer_lens, folders, entry):
    transformer_lens("raise RuntimeError('imported')", *folders)
    assert models.newest_entry() == entry
