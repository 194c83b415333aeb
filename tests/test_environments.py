"""Environments with other library versions: nothing of torch is ever installed, and what is made is kept."""

import subprocess
import sys

import pytest

from mpscheck import environments
from mpscheck.commands import environments as command

ROOT_PINS = "scripts/environments"


def test_every_environment_is_pinned_and_none_has_a_torch(root):
    files = sorted((root / ROOT_PINS).glob("*.txt"))
    assert files
    for file in files:
        pins = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert all("==" in pin for pin in pins), file.name
        names = {pin.partition("==")[0].lower() for pin in pins}
        assert not names & {"torch", "torchaudio"}
        assert not {name for name in names if name.startswith(("nvidia", "cuda", "triton"))}


def test_new_pins_ask_for_a_new_environment(tmp_path):
    pins = tmp_path / "a.txt"
    pins.write_text("better-abc==0.0.3\n")
    before = environments.fingerprint(pins)
    pins.write_text("better-abc==0.0.2\n")
    assert environments.fingerprint(pins) != before


def test_an_unknown_environment_is_refused_in_one_sentence(capsys):
    assert command.main(("transformerlens-0.0",)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "there are no pins for 'transformerlens-0.0'" in line


def test_an_environment_is_made_once_and_sees_the_main_ones_torch(tmp_path):
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "tiny.txt").write_text("better-abc==0.0.3\n")
    python = environments.make("tiny", tmp_path / "envs", tmp_path / "pins")
    code = "import better_abc, torch, mpscheck.bugs.aten; print(better_abc.__file__); print(torch.__file__)"
    lines = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[0].startswith(str(tmp_path))
    assert lines[1].startswith(sys.prefix)
    assert environments.is_made("tiny", tmp_path / "envs", tmp_path / "pins")
    made = python.stat().st_ctime_ns
    environments.make("tiny", tmp_path / "envs", tmp_path / "pins")
    assert python.stat().st_ctime_ns == made


def test_pins_that_cannot_be_installed_leave_no_stamp(tmp_path):
    (tmp_path / "bad.txt").write_text("better-abc==99.99\n")
    with pytest.raises(environments.CannotMake, match="ended with 1"):
        environments.make("bad", tmp_path / "envs", tmp_path)
    assert not environments.is_made("bad", tmp_path / "envs", tmp_path)
