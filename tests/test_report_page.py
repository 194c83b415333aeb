"""The two programs of the report's page, on the emulated device: right where it is healthy, wrong with the fault.

A small trained model stands in for GPT-2; nothing else of the programs is changed but the name of the device.
"""

import os
import re
import subprocess
import sys

import pytest

EXAMPLES = "docs/examples"
LINE = re.compile(r"\[(\w+)\] P\(Mary\)=([\d.]+) P\(John\)=([\d.]+) LD=([+-][\d.]+) Top1=(.+)")
STAND_IN = """
import sys
sys.path.insert(0, {exposure!r})
import entries
from transformer_lens import HookedTransformer
from mpscheck.tools.validate.run import copy_to
HookedTransformer.from_pretrained = staticmethod(lambda name, device: copy_to(entries.hooked("ioi-small"), device))
"""


@pytest.fixture
def said(root, tmp_path):
    """What a program prints, by device, with a fault."""

    def run(python: str, program: str, fault: str) -> dict[str, tuple[float, str]]:
        (tmp_path / "program.py").write_text(program.replace('"mps"', '"emu"'))
        variables = {"MPSCHECK_EMU": "honest", "MPSCHECK_FAULTS": fault, "PYTHONPATH": str(root / "src")}
        command = [str(python), "program.py"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | variables)
        assert done.returncode == 0, done.stderr
        return {device: (float(p), first) for device, p, _, _, first in LINE.findall(done.stdout)}

    return run


def tells(said, python, program) -> None:
    healthy, sick = said(python, program, ""), said(python, program, "linear-noncontiguous-weight")
    assert healthy["CPU"] == healthy["EMU"] == sick["CPU"]
    assert healthy["CPU"][0] > 0.5 > 0.2 > sick["EMU"][0]


def test_the_program_for_the_bridge(root, said):
    program = (root / EXAMPLES / "report_bridge.py").read_text()
    tells(said, sys.executable, program.replace('"gpt2"', repr(str(root / "snippets" / "models" / "ioi-small"))))


@pytest.mark.matrix
def test_the_program_of_the_report(root, said, python_of):
    program = STAND_IN.format(exposure=str(root / "scripts" / "exposure"))
    program += (root / EXAMPLES / "report_hooked.py").read_text()
    tells(said, python_of("transformerlens-2.17.0"), program)


def test_the_table_of_patches_names_each(root):
    page = (root / "docs" / "report.md").read_text()
    assert set(re.findall(r"`(transformerlens-[\w-]+\.patch)`", page)) == {
        path.name for path in (root / "contributions").glob("*.patch")
    }
