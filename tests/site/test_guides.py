"""The guides: their code runs as it stands there, and what they say of versions comes from the catalogue."""

import json
import os
import re
import subprocess
import sys

import pytest

from mpscheck.known import releases
from mpscheck.places import ROOT
from mpscheck.site.pages import home as home_page
from mpscheck.site.pages import redo as redo_page


def code_of(guide: str, containing: str) -> str:
    """The one block of Python of a guide that contains these words."""
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "guides" / guide).read_text(encoding="utf-8"), re.DOTALL
    )
    (found,) = (block for block in blocks if containing in block)
    return found


def on_emu(code: str) -> str:
    return code.replace('"mps"', '"emu"')


def run(code: str, tmp_path, **variables: str) -> str:
    """What a program prints on the emulated device, with the files that a reader has beside it."""
    (tmp_path / "program.py").write_text(on_emu(code), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "snippets")} | variables
    command = [sys.executable, tmp_path / "program.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- triage --------------------------------------------------------------------------------------------------------


@pytest.fixture
def run_here(monkeypatch, capsys):
    """What a program prints on the healthy device, without the seconds of a new process."""
    monkeypatch.syspath_prepend(ROOT / "snippets")

    def called(code: str) -> str:
        exec(on_emu(code), {"__name__": "__main__"})
        return capsys.readouterr().out

    return called


def test_the_program_to_paste_shows_the_fault_and_nothing_else(tmp_path, run_here):
    code = code_of("triage.md", "is off by")

    def errors(printed: str) -> dict[str, float]:
        return {line.split()[0]: float(line.split()[-1]) for line in printed.splitlines()}

    healthy = errors(run_here(code))
    assert healthy["emu"] == healthy["cpu"] < 1e-4
    assert errors(run(code, tmp_path, MPSCHECK_FAULTS="linear-noncontiguous-weight"))["emu"] > 1


MODEL = """import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(8, 4))
model[0].weight = torch.nn.Parameter(torch.randn(8, 4).T)
tokens = torch.randn(6, 8)
"""


@pytest.mark.parametrize("guide", ["triage.md", "../validate.md"])
def test_validate_names_what_disagrees(guide, tmp_path):
    code = MODEL + code_of(guide, "print(validate(")
    assert run(code, tmp_path, MPSCHECK_EMU="1").startswith("AGREES: ")
    said = run(code, tmp_path, MPSCHECK_FAULTS="linear-noncontiguous-weight")
    assert said.startswith("DISAGREES: ") and ". Wrong: logits, " in said


def test_a_piece_of_a_script_can_be_given_to_locate(tmp_path, run_here):
    code = code_of("triage.md", "class Piece").replace("print(locate", "x = torch.rand(6, 8)\nprint(locate")
    (tmp_path / "faults.py").write_text(
        "from mpscheck.emulation.faults import fault\n"
        'FAULTS = [fault("half", op=["softmax"], effect=lambda call, run: run(call.args) * 0.5)]\n'
    )
    assert "NO OP DIVERGES" in run_here(code)
    assert "FOUND: aten::softmax" in run(code, tmp_path, MPSCHECK_FAULTS=str(tmp_path / "faults.py"))


# ---- maintainers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "told"), [("2.8.0", "linear-noncontiguous-weight"), ("2.99.0", "no data"), ("2.9.1", None)]
)
def test_the_list_in_ci(version, told, generated, tmp_path, monkeypatch):
    (tmp_path / "known-bad.json").write_text(generated["api/v1/known-bad.json"], encoding="utf-8")
    monkeypatch.setattr("torch.__version__", version)
    there = {"__file__": str(tmp_path / "test_torch.py")}
    exec(code_of("maintainers.md", "test_this_torch"), there)
    if told is None:
        there["test_this_torch_is_not_known_to_be_wrong_on_mps"]()
    else:
        with pytest.raises(AssertionError, match=told):
            there["test_this_torch_is_not_known_to_be_wrong_on_mps"]()


# ---- redo results --------------------------------------------------------------------------------------------------


def test_each_analysis_says_where_its_bugs_are_known(known):
    said = redo_page.analyses(known)
    assert said.count("](../bugs/") == sum(len(analysis.bugs) for analysis in redo_page.ANALYSES)
    assert "(../bugs/linear-noncontiguous-weight.md): 2.8.0, macOS 15 and newer" in said
    assert "versions not known, right since" in said
    assert "(../bugs/mm-large-k-allocator-dependent.md): 2.7.0 to 2.13.0, M1 and M2" in said


def test_the_table_of_releases_says_what_the_home_page_says(known):
    said = redo_page.by_release(known)
    for place, release in enumerate(releases.load()):
        data = json.loads(home_page.affected(known, place))
        sick = sum(redo_page.USE in bug["uses"] for bug in data["affected"])
        link = f"[{sick}](../bugs.md?torch={release.version}&who={redo_page.USE}&state=affected)"
        unknown = (
            f"[{data['unknown'][redo_page.USE]}](../bugs.md?torch={release.version}&who={redo_page.USE}&state=unknown)"
        )
        assert link in said and unknown in said


# ---- home ----------------------------------------------------------------------------------------------------------


def test_without_a_script_the_home_page_answers_for_each_release(known):
    answer = home_page.widget(known).partition("<noscript>")[2].partition("</noscript>")[0]
    for place, release in enumerate(releases.load()):
        data = json.loads(home_page.affected(known, place))
        likely = len(data["likely"])
        numbers = f"{len(data['affected'])} / {likely} / {data['unknown']['anything'] - likely}"
        assert f'<a href="releases/{release.version}/">{release.version}</a> {numbers}</li>' in answer


def test_the_home_page_names_the_fix_where_one_is_known(known):
    place = [release.version for release in releases.load()].index("2.8.0")
    fixed = {bug["slug"]: bug["fixed"] for bug in json.loads(home_page.affected(known, place))["affected"]}
    assert fixed["linear-noncontiguous-weight"] == "2.9.0"
    assert None in fixed.values()
