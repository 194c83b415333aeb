"""The single-file tools: checked in as they are built, and running alone."""

import ast
import shutil
import subprocess
import sys

import pytest
import vermin

from mpscheck.bugs import catalogue
from mpscheck.tools import bundle
from mpscheck.tools.known import read_known

TOOLS = tuple(bundle.TOOLS)
CARRYING = ("audit_mps.py", "locate_divergence.py")  # those with a catalogue inside
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
    assert len(bundle.code_of(stored)) > 25_000  # the code is in it


@pytest.mark.parametrize("tool", CARRYING)
def test_a_change_of_the_catalogue_alone_is_none_of_the_code(tool):
    built = bundle.build(tool)
    assert built != built.replace("'slug': '", "'slug': 'other-")
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


@pytest.mark.parametrize("tool", CARRYING)
def test_the_whole_catalogue_is_inside(tool):
    built = bundle.build(tool)
    (data,) = [
        node.value
        for node in ast.parse(built).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CATALOGUE"
    ]
    found = ast.literal_eval(data)
    with_condition = [e for e in found if e["triggers"]]
    proven, drafted = ([e for e in with_condition if bool(e.get("draft")) == draft] for draft in (False, True))
    assert proven == bundle.entries(catalogue.with_check())
    assert drafted == bundle.drafted()
    assert [e for e in found if not e["triggers"]] == bundle.without_condition()
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


def test_validate_is_a_file_that_people_read(root):
    """Usage first, then the checks, then the machinery; no catalogue, and formatted like what a person has written."""
    path = root / "snippets" / "validate_mps.py"
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 1210
    tree = ast.parse(text)
    assert "    python validate_mps.py --model ioi-small " in ast.get_docstring(tree, clean=False)
    names = [getattr(node, "name", None) or node.targets[0].id for node in tree.body if _defines(node)]
    assert not {"CATALOGUE", "CATALOGUE_DATE"} & set(names)
    order = [
        names.index(n) for n in ("PROMPTS", "logits", "CHECKS", "validate", "Report", "compare", "Float64", "main")
    ]
    assert order == sorted(order) and order[0] == 0
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run([*ruff, *command, path], capture_output=True, text=True, cwd=root)
        assert done.returncode == 0, done.stdout + done.stderr


def _defines(node: ast.stmt) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign))


@pytest.fixture
def parts(monkeypatch, tmp_path):
    """Make a tool `x.py` of these modules, by name."""

    def make(**sources: str) -> None:
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(f'"""Part {name}."""\n\n{source}\n')
        monkeypatch.setattr(bundle, "PACKAGE", tmp_path)
        monkeypatch.setattr(bundle, "TOOLS", {"x.py": bundle.Tool(tuple(sources))})

    return make


SAME = "from mpscheck.bugs.aten import bind\n\n\ndef same(): ...\n"


@pytest.mark.parametrize(
    ("one", "two", "name"),
    [
        (SAME, SAME, "same"),
        ("import json", "json = 1", "json"),
        ("json = 1", "import json", "json"),
        ("from os import path", "from sys import path", "path"),
    ],
)
def test_a_name_that_two_parts_define_is_refused(parts, one, two, name):
    parts(one=one, two=two)
    with pytest.raises(bundle.BadPart, match=f"two defines {name} once more"):
        bundle.build("x.py")


def test_what_parts_import_stands_at_the_head_once_and_sorted(parts):
    parts(
        one="import os.path\nfrom re import sub, I, Match\n\nimport torch\nfrom mpscheck.places import ROOT\n\nA = 1",
        two="from re import escape\nfrom torch import nn as layers\nimport json, os.path\n\n\ndef f():\n    import ast",
    )
    assert bundle.build("x.py").partition("annotations\n\n")[2] == (
        "import json\nimport os.path\nfrom re import I, Match, escape, sub\n\nimport torch\nfrom torch import nn as layers\n\n"
        f"{'# ---- one '.ljust(120, '-')}\n# Part one.\n\n\nA = 1\n\n\n"
        f"{'# ---- two '.ljust(120, '-')}\n# Part two.\n\n\ndef f():\n    import ast\n"
    )


def test_writing_makes_a_file_current(monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    monkeypatch.setattr(bundle, "TOOLS", {"x.py": bundle.Tool(("bugs/aten",), lambda: [])})
    assert not bundle.is_current("x.py") and not bundle.has_current_code("x.py")
    bundle.write("x.py")
    assert bundle.is_current("x.py") and bundle.has_current_code("x.py")
    path = tmp_path / "snippets" / "x.py"
    path.write_text(path.read_text().replace("CATALOGUE_DATE = ", "CATALOGUE_DATE = 'old' or "))
    assert not bundle.is_current("x.py") and bundle.has_current_code("x.py")
