"""The single-file tools: checked in as they are built, and running alone."""

import ast
import shutil
import sys

import pytest
import vermin

from mpscheck.bugs import catalogue
from mpscheck.tools import bundle
from mpscheck.tools.known import read_known

TOOLS = tuple(bundle.TOOLS)
ALLOWED = {*sys.stdlib_module_names, "torch", "packaging"}  # packaging only where torch's own copy would do as well


@pytest.fixture(scope="module", params=TOOLS)
def tool(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def built(tool) -> str:
    return bundle.build(tool)


def test_the_code_that_is_checked_in_is_current(tool, built, root):
    """The catalogue inside may be older: a new bug leaves the file as it was until `mpscheck derived`."""
    stored = (root / "snippets" / tool).read_text(encoding="utf-8")
    assert bundle.code_of(stored) == bundle.code_of(built), "run mpscheck derived bundles"
    assert len(bundle.code_of(stored)) > 30_000  # the code is in it


def test_a_change_of_the_catalogue_alone_is_none_of_the_code(tool, built):
    assert bundle.code_of(built.replace("'slug': '", "'slug': 'other-")) == bundle.code_of(built)
    assert bundle.code_of(built + "more") != bundle.code_of(built)


def test_building_twice_gives_the_same(tool, built):
    assert bundle.build(tool) == built


def _imported(tree: ast.AST) -> set[str]:
    """The top packages that the code below a node imports."""
    parts = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in parts]
    return {name.partition(".")[0] for name in names}


def test_only_torch_is_needed_to_start(built):
    tree = ast.parse(built)
    at_start = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom, ast.Try))]
    assert set().union(*map(_imported, at_start)) <= ALLOWED
    assert "mpscheck" not in _imported(tree)


def test_python_39_suffices(built):
    ast.parse(built, feature_version=(3, 9))
    needed = vermin.visit(built, config=_lenient()).minimum_versions()[-1]
    assert not needed or needed <= (3, 9)


def _lenient() -> vermin.Config:
    config = vermin.Config()
    config.set_eval_annotations(False)  # they are never evaluated: from __future__ import annotations
    return config


def test_annotations_are_not_evaluated(built):
    assert "from __future__ import annotations" in built


def test_the_whole_catalogue_is_inside(built):
    (data,) = [
        node.value
        for node in ast.parse(built).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CATALOGUE"
    ]
    found = ast.literal_eval(data)
    proven, drafted = ([e for e in found if bool(e.get("draft")) == draft] for draft in (False, True))
    assert proven == bundle.entries(catalogue.load())
    assert drafted == (bundle.drafted() if "def audit(" in built else [])
    assert read_known(found)


def test_audit_runs_alone_without_packaging(tmp_path, python, root):
    shutil.copy(root / "snippets" / "audit_mps.py", tmp_path)
    (tmp_path / "experiment.py").write_text(
        "import torch\ntorch.nn.functional.linear(torch.ones(2, 4), torch.ones(4, 3).T)\n"
    )
    start = (
        "import sys, runpy; sys.modules['packaging'] = None; "  # an environment with nothing but torch
        "sys.argv = ['audit_mps.py', '--torch', '2.8.0', 'experiment.py']; "
        "runpy.run_path('audit_mps.py', run_name='__main__')"
    )
    done = python("-I", "-c", start)
    assert done.returncode == 3, done.stderr
    assert "experiment.py:2" in done.stdout


def test_a_name_that_two_parts_define_is_refused(monkeypatch, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(
            '"""A part."""\n\nfrom mpscheck.bugs.aten import bind\n\n\ndef same(): ...\n'
        )
    monkeypatch.setattr(bundle, "PACKAGE", tmp_path)
    monkeypatch.setattr(bundle, "TOOLS", {"x.py": ("one", "two")})
    with pytest.raises(bundle.BadPart, match="two defines same once more"):
        bundle.build("x.py")


def test_writing_makes_a_file_current(monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    monkeypatch.setattr(bundle, "TOOLS", {"x.py": ("bugs/aten",)})
    assert not bundle.is_current("x.py") and not bundle.has_current_code("x.py")
    bundle.write("x.py")
    assert bundle.is_current("x.py") and bundle.has_current_code("x.py")
    path = tmp_path / "snippets" / "x.py"
    path.write_text(path.read_text().replace("CATALOGUE_DATE = ", "CATALOGUE_DATE = 'old' or "))
    assert not bundle.is_current("x.py") and bundle.has_current_code("x.py")
